# Dates, time zones, locales, character sets

TZ=Europe/Paris date -d @0 +%H:%M; TZ=America/New_York date -d @0 +%Z; date -u -d @86400 +%F; date -R > /dev/null
locale > /dev/null; locale -a | grep -c C; LC_ALL=C sort README; LC_ALL=C.UTF-8 sort README; printf '\303\251\n' | iconv -f utf-8 -t latin1 | od -An -tx1
python3 -c 'import zoneinfo, datetime; print(datetime.datetime(2024, 7, 1, tzinfo=zoneinfo.ZoneInfo("Asia/Tokyo")).isoformat())'
python3 -c 'import locale, time; locale.setlocale(locale.LC_ALL, ""); print(time.strftime("%Z", time.gmtime(0)), time.tzname)'
perl -MPOSIX -e 'setlocale(LC_ALL, ""); print strftime("%Y", gmtime 0), "\n"'; cal > /dev/null 2>&1; cat /etc/timezone > /dev/null; :
