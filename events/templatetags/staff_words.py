"""The log of the admin in the reader's language."""

from django import template

from events.staff.act_words import log_told

register = template.Library()
register.filter("log_told", log_told)
