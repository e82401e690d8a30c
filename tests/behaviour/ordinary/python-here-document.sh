# A Python program in a here-document, as agents write it

set -e
python3 - <<'END'
import os
print("from a here-document", os.path.exists("README"))
END
python3 <<'END'
for n in range(3):
    print(n)
END
