from django.db import migrations

from klankbord.tenancy.kinds import Kind
from klankbord.tenancy.operations import Fence


class Migration(migrations.Migration):
    dependencies = [("channels", "0001_initial"), ("tenancy", "0002_fence")]

    operations = [
        Fence("Channel", Kind.CHANNEL),
        Fence("ChannelSecret", Kind.HOUSE),
        Fence("MandatedChannel", Kind.HOUSE),
        Fence("Arrival", Kind.DESK),
        Fence("Delivery", Kind.DESK),
    ]
