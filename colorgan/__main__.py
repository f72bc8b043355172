"`python -m colorgan` is the command `colorgan`."
import signal

def main() -> int:
    "The command. Ctrl-C leaves no traceback while it is loaded, and none while Python shuts down."
    try:
        from .app.cli import main
        return main()
    except KeyboardInterrupt: return 130
    finally: signal.signal(signal.SIGINT, signal.SIG_IGN)

if __name__ == '__main__': raise SystemExit(main())
