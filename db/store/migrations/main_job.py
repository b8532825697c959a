"""The first tables: datasets and examples, review, generation."""

WORKSPACE = [
    "CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT",
    "INSERT INTO settings (name, value) VALUES ('workspace_id', lower(hex(randomblob(16))))",
    """CREATE TABLE datasets (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL UNIQUE,
        behavior TEXT NOT NULL,
        guidelines TEXT NOT NULL DEFAULT '',
        kind TEXT NOT NULL,
        origin TEXT NOT NULL,
        seed INTEGER NOT NULL,
        always_three INTEGER NOT NULL DEFAULT 0 CHECK (always_three IN (0, 1)),
        state TEXT NOT NULL CHECK (state IN ('open', 'closed')),
        visible INTEGER NOT NULL CHECK (visible IN (0, 1)),
        evidence_from INTEGER NOT NULL DEFAULT 0,
        created_at TEXT NOT NULL,
        closed_at TEXT
    ) STRICT""",
    """CREATE TABLE dataset_counters (
        dataset_id INTEGER PRIMARY KEY REFERENCES datasets (id),
        examples INTEGER NOT NULL DEFAULT 0,
        annotations INTEGER NOT NULL DEFAULT 0,
        reviewed INTEGER NOT NULL DEFAULT 0,
        settled INTEGER NOT NULL DEFAULT 0
    ) STRICT""",
    """CREATE TABLE examples (
        id INTEGER PRIMARY KEY,
        dataset_id INTEGER NOT NULL REFERENCES datasets (id),
        ordinal INTEGER NOT NULL,
        question TEXT NOT NULL,
        body TEXT NOT NULL,
        choices TEXT NOT NULL,
        intended TEXT,
        label_confidence REAL,
        extra TEXT NOT NULL DEFAULT '{}',
        candidate_id INTEGER,
        UNIQUE (dataset_id, ordinal)
    ) STRICT""",
]

REVIEW = [
    """CREATE TABLE review_status (
        example_id INTEGER PRIMARY KEY REFERENCES examples (id),
        dataset_id INTEGER NOT NULL,
        position INTEGER NOT NULL,
        places INTEGER NOT NULL,
        answers INTEGER NOT NULL DEFAULT 0,
        settled INTEGER NOT NULL DEFAULT 0 CHECK (settled IN (0, 1))
    ) STRICT""",
    "CREATE UNIQUE INDEX review_order ON review_status (dataset_id, position)",
    "CREATE INDEX review_frontier ON review_status (dataset_id, position) WHERE places > 0",
    """CREATE TABLE annotators (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        excluded_reason TEXT,
        created_at TEXT NOT NULL
    ) STRICT""",
    """CREATE TABLE sessions (
        id TEXT PRIMARY KEY,
        annotator_id INTEGER NOT NULL REFERENCES annotators (id),
        host TEXT NOT NULL,
        pid INTEGER NOT NULL,
        seen_at REAL NOT NULL
    ) STRICT""",
    """CREATE TABLE reservations (
        example_id INTEGER NOT NULL REFERENCES examples (id),
        annotator_id INTEGER NOT NULL REFERENCES annotators (id),
        dataset_id INTEGER NOT NULL,
        session_id TEXT NOT NULL REFERENCES sessions (id),
        expires_at REAL NOT NULL,
        PRIMARY KEY (example_id, annotator_id)
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX reservations_by_annotator ON reservations (annotator_id, dataset_id)",
    "CREATE INDEX reservations_by_expiry ON reservations (expires_at)",
    """CREATE TABLE reopenings (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        dataset_id INTEGER NOT NULL,
        example_id INTEGER NOT NULL REFERENCES examples (id)
    ) STRICT""",
    "CREATE INDEX reopenings_of_dataset ON reopenings (dataset_id, id)",
    "CREATE INDEX reopenings_of_example ON reopenings (example_id)",
    """CREATE TABLE cursors (
        dataset_id INTEGER NOT NULL REFERENCES datasets (id),
        annotator_id INTEGER NOT NULL REFERENCES annotators (id),
        position INTEGER NOT NULL DEFAULT -1,
        reopening_id INTEGER NOT NULL DEFAULT 0,
        answered INTEGER NOT NULL DEFAULT 0,
        skipped INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (dataset_id, annotator_id)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE annotations (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        dataset_id INTEGER NOT NULL REFERENCES datasets (id),
        example_id INTEGER NOT NULL REFERENCES examples (id),
        annotator_id INTEGER NOT NULL REFERENCES annotators (id),
        occasion TEXT NOT NULL CHECK
            (occasion IN ('first', 'gold', 'repeat', 'second look', 're-review', 'extra')),
        revision INTEGER NOT NULL,
        skipped INTEGER NOT NULL DEFAULT 0 CHECK (skipped IN (0, 1)),
        label TEXT,
        relevance INTEGER CHECK (relevance BETWEEN 1 AND 5),
        ambiguous INTEGER NOT NULL DEFAULT 0 CHECK (ambiguous IN (0, 1)),
        flagged INTEGER NOT NULL DEFAULT 0 CHECK (flagged IN (0, 1)),
        comment TEXT NOT NULL DEFAULT '',
        disclosed TEXT NOT NULL DEFAULT '',
        seconds REAL NOT NULL,
        submission TEXT NOT NULL UNIQUE,
        session_id TEXT NOT NULL REFERENCES sessions (id),
        created_at TEXT NOT NULL,
        UNIQUE (example_id, annotator_id, occasion, revision),
        CHECK ((skipped = 1) = (label IS NULL)),
        CHECK ((skipped = 1) = (relevance IS NULL))
    ) STRICT""",
    "CREATE INDEX annotations_by_annotator ON annotations (annotator_id, dataset_id, id)",
    "CREATE INDEX annotations_of_dataset ON annotations (dataset_id, id)",
    """CREATE TABLE dataset_facts (
        dataset_id INTEGER PRIMARY KEY REFERENCES datasets (id),
        examples INTEGER NOT NULL,
        facts TEXT NOT NULL,
        version TEXT NOT NULL
    ) STRICT""",
    """CREATE TABLE decisions (
        id INTEGER PRIMARY KEY,
        dataset_id INTEGER NOT NULL REFERENCES datasets (id),
        decision TEXT NOT NULL CHECK (decision IN ('ship', 'keep_labelling', 'mend', 'reject')),
        provisional INTEGER NOT NULL,
        evidence TEXT NOT NULL,
        policy TEXT NOT NULL,
        last_annotation_id INTEGER NOT NULL,
        version TEXT NOT NULL,
        created_at TEXT NOT NULL
    ) STRICT""",
    "CREATE INDEX decisions_of_dataset ON decisions (dataset_id, id)",
    """CREATE TABLE releases (
        id INTEGER PRIMARY KEY,
        dataset_id INTEGER NOT NULL REFERENCES datasets (id),
        decision_id INTEGER NOT NULL REFERENCES decisions (id),
        folder TEXT NOT NULL,
        content_hash TEXT NOT NULL,
        override_reason TEXT,
        created_at TEXT NOT NULL
    ) STRICT""",
]

GENERATION = [
    """CREATE TABLE jobs (
        id INTEGER PRIMARY KEY,
        dataset_id INTEGER NOT NULL REFERENCES datasets (id),
        recipe TEXT NOT NULL,
        recipe_text TEXT NOT NULL,
        behavior_text TEXT NOT NULL,
        engine TEXT NOT NULL,
        model TEXT NOT NULL,
        count INTEGER NOT NULL CHECK (count > 0),
        rounds INTEGER NOT NULL CHECK (rounds > 0),
        round INTEGER NOT NULL DEFAULT 0,
        seed INTEGER NOT NULL,
        keep_open INTEGER NOT NULL DEFAULT 0,
        state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'paused', 'done', 'cancelled', 'failed')),
        note TEXT NOT NULL DEFAULT '',
        items INTEGER NOT NULL DEFAULT 0,
        items_done INTEGER NOT NULL DEFAULT 0,
        items_failed INTEGER NOT NULL DEFAULT 0,
        candidates INTEGER NOT NULL DEFAULT 0,
        selected INTEGER NOT NULL DEFAULT 0,
        input_tokens INTEGER NOT NULL DEFAULT 0,
        output_tokens INTEGER NOT NULL DEFAULT 0,
        created_at TEXT NOT NULL,
        started_at TEXT,
        finished_at TEXT
    ) STRICT""",
    "CREATE INDEX jobs_by_state ON jobs (state, id)",
    """CREATE TABLE work_items (
        id INTEGER PRIMARY KEY,
        job_id INTEGER NOT NULL REFERENCES jobs (id),
        round INTEGER NOT NULL,
        stage TEXT NOT NULL,
        ordinal INTEGER NOT NULL,
        candidate_id INTEGER,
        payload TEXT NOT NULL,
        state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'leased', 'done', 'failed')),
        attempt INTEGER NOT NULL DEFAULT 0,
        lease TEXT,
        not_before REAL NOT NULL DEFAULT 0,
        error TEXT NOT NULL DEFAULT '',
        UNIQUE (job_id, round, stage, ordinal)
    ) STRICT""",
    "CREATE INDEX work_items_waiting ON work_items (job_id, round, id) WHERE state = 'waiting'",
    "CREATE INDEX work_items_leased ON work_items (job_id, lease) WHERE state = 'leased'",
    "CREATE INDEX work_items_of_candidate ON work_items (candidate_id) WHERE candidate_id IS NOT NULL",
    """CREATE TABLE calls (
        id INTEGER PRIMARY KEY,
        item_id INTEGER NOT NULL UNIQUE REFERENCES work_items (id),
        job_id INTEGER NOT NULL REFERENCES jobs (id),
        prompt TEXT NOT NULL,
        reply TEXT NOT NULL,
        model TEXT NOT NULL,
        input_tokens INTEGER NOT NULL,
        output_tokens INTEGER NOT NULL,
        seconds REAL NOT NULL,
        created_at TEXT NOT NULL
    ) STRICT""",
    """CREATE TABLE candidates (
        id INTEGER PRIMARY KEY,
        job_id INTEGER NOT NULL REFERENCES jobs (id),
        round INTEGER NOT NULL,
        item_id INTEGER NOT NULL REFERENCES work_items (id),
        ordinal INTEGER NOT NULL,
        intended TEXT NOT NULL,
        text TEXT NOT NULL,
        text_key TEXT NOT NULL,
        fate TEXT NOT NULL CHECK (fate IN ('waiting', 'selected', 'dropped')),
        stage TEXT NOT NULL DEFAULT '',
        reason TEXT NOT NULL DEFAULT '',
        twin_id INTEGER REFERENCES candidates (id),
        scores TEXT NOT NULL DEFAULT '{}',
        label_confidence REAL,
        example_id INTEGER REFERENCES examples (id),
        UNIQUE (item_id, ordinal)
    ) STRICT""",
    "CREATE INDEX candidates_by_text ON candidates (job_id, text_key)",
    "CREATE INDEX candidates_by_fate ON candidates (job_id, round, fate)",
    "CREATE INDEX candidates_of_example ON candidates (example_id) WHERE example_id IS NOT NULL",
    """CREATE TABLE worker_leases (
        name TEXT PRIMARY KEY,
        holder TEXT NOT NULL,
        host TEXT NOT NULL,
        pid INTEGER NOT NULL,
        expires_at REAL NOT NULL
    ) STRICT""",
]

MAIN_JOB = WORKSPACE + REVIEW + GENERATION
