"`python -m colorgan` is the command `colorgan`."
def main() -> int:
    "The command, which Ctrl-C ends without a traceback even while it is loaded."
    try: from .cli import main
    except KeyboardInterrupt: return 130
    return main()

if __name__ == '__main__': raise SystemExit(main())
