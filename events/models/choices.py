"""What an event can be, look like, and be up to."""

from enum import StrEnum

from django.db import models
from django.utils.translation import gettext_lazy as _


class Kind(models.TextChoices):
    """What sort of event it is."""

    CONCERT = "concert", _("Concert")
    FESTIVAL = "festival", _("Festival")
    MUSICAL = "musical", _("Musical")
    PLAY = "play", _("Play")
    CLASSIC = "classic", _("Classical")
    FANMEETING = "fanmeeting", _("Fan meeting")
    SPORTS = "sports", _("Sports")


class City(models.TextChoices):
    """Where a venue is, as people look for shows: Korea's cities and provinces."""

    SEOUL = "seoul", _("Seoul")
    BUSAN = "busan", _("Busan")
    DAEGU = "daegu", _("Daegu")
    INCHEON = "incheon", _("Incheon")
    GWANGJU = "gwangju", _("Gwangju")
    DAEJEON = "daejeon", _("Daejeon")
    ULSAN = "ulsan", _("Ulsan")
    SEJONG = "sejong", _("Sejong")
    GYEONGGI = "gyeonggi", _("Gyeonggi")
    GANGWON = "gangwon", _("Gangwon")
    CHUNGBUK = "chungbuk", _("North Chungcheong")
    CHUNGNAM = "chungnam", _("South Chungcheong")
    JEONBUK = "jeonbuk", _("North Jeolla")
    JEONNAM = "jeonnam", _("South Jeolla")
    GYEONGBUK = "gyeongbuk", _("North Gyeongsang")
    GYEONGNAM = "gyeongnam", _("South Gyeongsang")
    JEJU = "jeju", _("Jeju")
    ABROAD = "abroad", _("Abroad")


class SeatKind(models.TextChoices):
    """What a seat is for; most are for everybody."""

    ORDINARY = "", _("ordinary")
    WHEELCHAIR = "wheelchair", _("wheelchair space")
    COMPANION = "companion", _("companion seat")


class Motif(models.TextChoices):
    """What the poster draws."""

    DAWN = "dawn", _("dawn over hills")
    ORBIT = "orbit", _("orbits")
    WAVES = "waves", _("waves")
    CITY = "city", _("city at night")
    BARS = "bars", _("sound bars")
    PETALS = "petals", _("petals")
    KEYS = "keys", _("piano keys")
    MOON = "moon", _("moon and stars")
    RAYS = "rays", _("stage lights")
    TILES = "tiles", _("tiles")


class EventState(models.TextChoices):
    """What an event is: as the clock says, within what staff decided."""

    DRAFT = "draft", _("draft")
    ANNOUNCED = "announced", _("announced")
    ON_SALE = "on-sale", _("on sale")
    STOPPED = "stopped", _("sale stopped")
    POSTPONED = "postponed", _("postponed")
    CANCELLED = "cancelled", _("called off")
    OVER = "over", _("sale over")


class SaleState(StrEnum):
    """Where an event's sale stands."""

    DRAFT = "draft"
    SOON = "soon"
    OPEN = "open"
    STOPPED = "stopped"
    OVER = "over"
    CALLED_OFF = "cancelled"
