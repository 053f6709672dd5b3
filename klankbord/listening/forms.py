"""What is filled in about dossiers."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from klankbord.base.text.tokens import index_terms
from klankbord.listening.actions.dossiers import Wording
from klankbord.listening.models import LONGEST_KEPT, SHORTEST_KEPT, Dossier
from klankbord.listening.query import Refused, parse
from klankbord.tenancy.models import User

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


class DossierForm(forms.ModelForm):  # type: ignore[type-arg]  # django-stubs wants a model the class cannot name twice
    """What is followed, and on which grounds."""

    class Meta:
        model = Dossier
        fields = (
            "name",
            "owner",
            "query",
            "purpose",
            "legal_basis",
            "reason",
            "ends_on",
            "review_on",
            "retention_days",
            "special_ground",
            "topic",
            "phase",
            "shared",
        )
        widgets = {
            "query": forms.Textarea(attrs={"rows": 4, "spellcheck": "false", "autocapitalize": "off"}),
            "legal_basis": forms.Textarea(attrs={"rows": 2}),
            "reason": forms.Textarea(attrs={"rows": 3}),
            "special_ground": forms.Textarea(attrs={"rows": 2}),
            "ends_on": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            "review_on": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        }
        help_texts = {
            "query": _(
                "Words next to each other must all be there. Write AND, OR, NOT in capitals, “exact words” between"
                " quotation marks, begin* for every word that begins so, #hashtag for the hashtag only."
            ),
            "purpose": _("What you will do with what you find. Something else needs another dossier."),
            "legal_basis": _("Usually: AVG article 6(1)(e), a task in the public interest; name the task."),
            "reason": _("Why this, why now. Everybody can read this in the public register."),
            "ends_on": _("After this day nothing more is found. A year at most, public order two weeks."),
            "review_on": _("On this day you look whether it is still needed."),
            "retention_days": _("From 30 to 90. After that only figures stay."),
            "special_ground": _(
                "Only when the words are about health, religion, politics, a trade union, sexual orientation, origin"
                " or offences: the exception of AVG article 9 or 10 and why you need it. The privacy officer signs."
            ),
            "owner": _("Who answers for it. A colleague without a role for dossiers sees its figures."),
            "topic": _("For instance: housing, safety, waste. Needed to compare with neighbours."),
            "shared": _("Only figures per day, without messages and without persons, and never fewer than five."),
        }

    def __init__(self, *arguments: Any, public_order: bool, owners: QuerySet[User], **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.fields["retention_days"].widget.attrs.update(min=SHORTEST_KEPT, max=LONGEST_KEPT)
        chooses = self.fields["owner"]
        assert isinstance(chooses, forms.ModelChoiceField)
        chooses.queryset, chooses.required = owners, False
        self.fields["ends_on"].required = True
        self.fields["query"].required = True
        if not public_order:
            chosen = self.fields["purpose"]
            assert isinstance(chosen, forms.TypedChoiceField)
            chosen.choices = [one for one in Dossier.Purpose.choices if one[0] != Dossier.Purpose.PUBLIC_ORDER]

    def clean_query(self) -> str:
        """A query that cannot be read is refused with its spot and, where there is one, a repair."""
        query = " ".join(self.cleaned_data["query"].split())
        try:
            parse(query)
        except Refused as refused:
            errors = [refused.message]
            if refused.suggestion:
                errors.append(gettext("Did you mean: %(query)s") % {"query": refused.suggestion})
            raise forms.ValidationError(errors) from None
        return query

    def wording(self) -> Wording:
        data = self.cleaned_data
        return Wording(**{name: data[name] for name in Wording.__slots__})


class ReasonForm(forms.Form):
    """Why somebody opens what is closed."""

    reason = forms.CharField(
        label=_("Reason"), min_length=10, max_length=1000, widget=forms.Textarea(attrs={"rows": 2})
    )


class NoteForm(forms.Form):
    """A note beside a dossier."""

    text = forms.CharField(label=_("Note"), max_length=4000, widget=forms.Textarea(attrs={"rows": 3}))


class SignForm(forms.Form):
    """Until when the privacy officer agrees."""

    until = forms.DateField(label=_("Until and including"), widget=forms.DateInput(attrs={"type": "date"}))
    read = forms.CharField(widget=forms.HiddenInput, required=False)
    """The mark of the wording that was on the page."""

    def __init__(self, *args: Any, wording: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.wording = wording
        self.fields["read"].initial = wording

    def clean_read(self) -> str:
        if self.cleaned_data["read"] != self.wording:
            raise forms.ValidationError(
                _("Somebody changed this dossier while you were reading. Nothing was signed: read it once more.")
            )
        return self.wording

    def clean_until(self) -> date:
        until: date = self.cleaned_data["until"]
        if until < timezone.localdate():
            raise forms.ValidationError(_("This day has passed."))
        return until


class ObjectionForm(forms.Form):
    """Somebody does not want to be followed."""

    kind = forms.ChoiceField(label=_("Network"))
    network_id = forms.CharField(
        label=_("Address of the account"),
        max_length=600,
        help_text=_("As the network knows it, for instance https://server.example/users/name or a mail address."),
    )

    def __init__(self, *arguments: Any, kinds: list[tuple[str, str]], **named: Any) -> None:
        super().__init__(*arguments, **named)
        chosen = self.fields["kind"]
        assert isinstance(chosen, forms.ChoiceField)
        chosen.choices = kinds
