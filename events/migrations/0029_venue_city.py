from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

CITIES = {
    "서울": "seoul",
    "부산": "busan",
    "대구": "daegu",
    "인천": "incheon",
    "광주": "gwangju",
    "대전": "daejeon",
    "울산": "ulsan",
    "세종": "sejong",
    "경기": "gyeonggi",
    "강원": "gangwon",
    "충청북": "chungbuk",
    "충북": "chungbuk",
    "충청남": "chungnam",
    "충남": "chungnam",
    "전라북": "jeonbuk",
    "전북": "jeonbuk",
    "전라남": "jeonnam",
    "전남": "jeonnam",
    "경상북": "gyeongbuk",
    "경북": "gyeongbuk",
    "경상남": "gyeongnam",
    "경남": "gyeongnam",
    "제주": "jeju",
}


def read_addresses(apps: Apps, _schema: BaseDatabaseSchemaEditor) -> None:
    """A Korean address begins with its city or province; where none is known, staff say it."""
    for venue in apps.get_model("events", "Venue").objects.filter(city=""):
        first = venue.address_ko.partition(" ")[0]
        venue.city = next((city for name, city in CITIES.items() if first.startswith(name)), "")
        if venue.city:
            venue.save(update_fields=["city"])


class Migration(migrations.Migration):
    dependencies = [("events", "0028_staff_acts")]

    operations = [
        migrations.AddField(
            model_name="venue",
            name="city",
            field=models.CharField(
                blank=True,
                choices=[
                    ("seoul", "Seoul"),
                    ("busan", "Busan"),
                    ("daegu", "Daegu"),
                    ("incheon", "Incheon"),
                    ("gwangju", "Gwangju"),
                    ("daejeon", "Daejeon"),
                    ("ulsan", "Ulsan"),
                    ("sejong", "Sejong"),
                    ("gyeonggi", "Gyeonggi"),
                    ("gangwon", "Gangwon"),
                    ("chungbuk", "North Chungcheong"),
                    ("chungnam", "South Chungcheong"),
                    ("jeonbuk", "North Jeolla"),
                    ("jeonnam", "South Jeolla"),
                    ("gyeongbuk", "North Gyeongsang"),
                    ("gyeongnam", "South Gyeongsang"),
                    ("jeju", "Jeju"),
                    ("abroad", "Abroad"),
                ],
                db_default="",
                default="",
                help_text="By it people narrow the list of events.",
                max_length=12,
                verbose_name="city or province",
            ),
        ),
        migrations.RunPython(read_addresses, migrations.RunPython.noop),
    ]
