"""What an editor fills in about the place dossier."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from klankbord.base.text.tokens import index_terms

MOST_WORDS = 200
LONGEST_WORD = 80


class WordsForm(forms.Form):
    """The words to listen for, one on each line."""

    words = forms.CharField(
        label=_("Words"),
        max_length=MOST_WORDS * (LONGEST_WORD + 2),
        widget=forms.Textarea(attrs={"rows": 10, "spellcheck": "false"}),
        help_text=_(
            "One on each line. Names of the municipality, villages and neighbourhoods; capitals do not matter."
        ),
    )

    def clean_words(self) -> list[str]:
        lines = (" ".join(line.split()) for line in self.cleaned_data["words"].splitlines())
        words = list({line.casefold(): line for line in lines if line}.values())
        if len(words) > MOST_WORDS:
            raise forms.ValidationError(_("These are more than %(most)d words.") % {"most": MOST_WORDS})
        for word in words:
            if len(word) > LONGEST_WORD:
                raise forms.ValidationError(_("“%(word)s…” is too long for one line.") % {"word": word[:30]})
            if not index_terms(word):
                raise forms.ValidationError(_("With “%(word)s” nothing can be found.") % {"word": word})
        return words
