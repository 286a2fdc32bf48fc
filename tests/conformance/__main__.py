"""Both parts: the comparison, then every file of the corpus; names choose among the images."""

import argparse
import sys

from conformance import robust, run

if __name__ == "__main__":
    compared = run.main(sys.argv[1:])
    # How many workers there are is a question to the comparison alone.
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--workers")
    sys.exit(max(compared, robust.main(parser.parse_known_args()[1])))
