"""The pages of other people's tables in our look, the scheduler's buttons, and the first page."""

from django.contrib import admin

from ops.admin import people, results, timetable

__all__ = ["people", "results", "timetable"]

admin.site.index_template = "clearbeat/front.html"
