"`python -m colorgan` is the command `colorgan`."
from .cli import main

if __name__ == '__main__': raise SystemExit(main())
