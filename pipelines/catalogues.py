"""Catalogues beside Django's own: of texts that code without Django says in English."""

import gettext
from collections.abc import Callable
from functools import cache

from django.conf import settings
from django.utils.translation import get_language


def texts_of(domain: str) -> Callable[[str], str]:
    """Return what translates a text of the domain into the language of whoever is answered now.

    A text that the catalogue lacks stays as it is. Do not give it the empty text, of which gettext
    makes the head of the catalogue.
    """
    return _texts(domain, get_language() or settings.LANGUAGE_CODE)


@cache
def _texts(domain: str, language: str) -> Callable[[str], str]:
    folder = settings.LOCALE_PATHS[0]
    return gettext.translation(domain, folder, languages=[language], fallback=True).gettext
