"""Reports on datasets: one structure, as a self-contained page, as Markdown or as JSON."""

from review.report.gather import make_report
from review.report.markdown import to_markdown
from review.report.model import Report
from review.report.page import to_html

__all__ = ["Report", "make_report", "to_html", "to_markdown"]
