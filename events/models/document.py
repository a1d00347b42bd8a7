"""A document that buyers read and agree to: terms, privacy, being old enough; each version a row of its own."""

from typing import Any

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from events.languages import in_language


class Asked(models.TextChoices):
    """Where buyers are asked to agree."""

    NOWHERE = "nowhere", _("shown, not asked for")
    SIGN_UP = "sign-up", _("at sign-up; who has not agreed yet, at checkout")
    CHECKOUT = "checkout", _("at checkout")


class Document(models.Model):
    """One version; of a code's versions the one that came in force last counts."""

    code = models.SlugField(_("code"), max_length=40, help_text=_("The same for every version: terms, privacy, age."))
    version = models.CharField(
        _("version"),
        max_length=20,
        validators=[RegexValidator(r"^[0-9A-Za-z._-]+\Z", _("Letters, digits, . _ and -."))],
    )
    title_ko = models.CharField(_("title (Korean)"), max_length=120)
    title_en = models.CharField(_("title (English)"), max_length=120, blank=True)
    text_ko = models.TextField(_("text (Korean)"))
    text_en = models.TextField(_("text (English)"), blank=True)
    in_force_at = models.DateTimeField(_("in force from"), default=timezone.now)
    asked = models.CharField(_("agreement is asked for"), max_length=8, choices=Asked, default=Asked.NOWHERE)
    required = models.BooleanField(_("nobody buys without agreeing"), default=True)

    class Meta:
        verbose_name = _("terms and consents")
        verbose_name_plural = _("terms and consents")
        ordering = ("code", "-in_force_at", "-pk")
        constraints = (models.UniqueConstraint(fields=("code", "version"), name="one_document_of_a_code_and_version"),)

    def __str__(self) -> str:
        return f"{self.title} {self.version}"

    def save(self, **kwargs: Any) -> None:
        """Save; what people agreed to stays as it was, whoever asks."""
        stored = Document.objects.filter(pk=self.pk).first() if self.pk else None
        if stored is not None and stored.is_fixed:
            raise ValueError(f"{stored} is in force: write a new version")
        super().save(**kwargs)

    def get_absolute_url(self) -> str:
        """This version's page."""
        return reverse("events:document-version", args=[self.code, self.version])

    @property
    def title(self) -> str:
        """The title in the page's language."""
        return in_language(self.title_ko, self.title_en)

    @property
    def text(self) -> str:
        """The text in the page's language."""
        return in_language(self.text_ko, self.text_en)

    @property
    def is_fixed(self) -> bool:
        """Whether people may have read it or agreed to it: then it changes by a new version only."""
        return not self._state.adding and (self.in_force_at <= timezone.now() or self.consents.exists())


class Consent(models.Model):
    """An account agreed to a version, when."""

    account = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="consents", verbose_name=_("account")
    )
    document = models.ForeignKey(
        Document, on_delete=models.PROTECT, related_name="consents", verbose_name=_("terms and consents")
    )
    agreed_at = models.DateTimeField(_("agreed at"), default=timezone.now)

    class Meta:
        verbose_name = _("consent")
        verbose_name_plural = _("consents")
        constraints = (models.UniqueConstraint(fields=("account", "document"), name="one_consent_of_an_account"),)

    def __str__(self) -> str:
        return f"{self.account_id}: {self.document_id}"
