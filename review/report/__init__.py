"""Reports on datasets: one structure, as a self-contained page, as Markdown or as JSON."""

from review.report.gather import bound_together, make_report, report_on
from review.report.markdown import to_markdown
from review.report.model import DatasetReport, Report
from review.report.page import to_html

__all__ = ["DatasetReport", "Report", "bound_together", "make_report", "report_on", "to_html", "to_markdown"]
