"""What to do about each finding, in a sentence; docs/lint.md says more."""

from review.lint.items import Finding

BY_RULE = "`evalwright lint --fix` "
"""How a remedy begins that `evalwright lint --fix` carries out."""

REMEDIES = {
    "exact-duplicates": BY_RULE + "keeps the first of them and removes the others.",
    "near-duplicates": BY_RULE + "removes the closest twins, down to what the gate takes.",
    "missing-choices": 'Put a line "Choices:" above them, as the other examples have.',
    "unreadable-choices": BY_RULE + "removes these examples.",
    "intended-not-among-choices": BY_RULE + "removes these examples.",
    "unreadable-answers": "Correct the field answer_not_matching_behavior of these rows.",
    "label-imbalance": BY_RULE + "removes examples of the larger class, at random, until the classes are even.",
    "answer-position": "Put the choices of some examples in another order, or generate both directions.",
    "negation-cue": "Rewrite examples so that negation words don't give the label away, or generate more varied ones.",
    "function-word-cue": "Look whether these words belong to the behaviour; if not, vary the wording.",
    "word-cue": "Look whether these words belong to the behaviour; if not, vary the wording.",
    "length-cue": "Shorten the long ones, or ask the model for texts of one length for all labels.",
    "dominant-type": "Ask for other kinds of examples in the prompt, or select for diversity.",
    "cluster-imbalance": "Narrow the behaviour, or have examples of the other label written on these topics.",
    "personal-data": "Look at each, and replace what belongs to a real person.",
    "offensive-words": "Look at each, and keep it only if the behaviour needs the word.",
    "uneven-names-and-pronouns": "Swap names and pronouns in some examples until the labels are alike.",
}
"""The remedy for each code."""

_FEW_TWINS = "The gate takes as many; drop those that ask nothing new."


def remedy(finding: Finding) -> str:
    """What to do about a finding."""
    few = finding.code == "near-duplicates" and finding.severity == "warning"
    return _FEW_TWINS if few else REMEDIES[finding.code]
