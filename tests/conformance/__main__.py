"""All parts, each image and file compared; names choose among images and sets."""

import argparse
import sys

from conformance import answers, kept, robust, run

if __name__ == "__main__":
    given = sys.argv[1:]
    codes = [run.main(given)]
    # How many workers there are is a question to the comparison alone.
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--workers")
    left = parser.parse_known_args(given)[1]
    codes.append(robust.main(left))
    codes.append(answers.main(left))
    codes.append(kept.main(left))
    sys.exit(max(codes))
