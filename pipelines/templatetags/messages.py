"""Stored messages in the reader's language."""

from django import template

from pipelines.messages import translated

register = template.Library()
register.filter("translated", translated)
