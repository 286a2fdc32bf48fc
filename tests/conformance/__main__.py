"""Both parts: the comparison, then every file of the corpus; names choose among the images."""

import sys

from conformance import robust, run

if __name__ == "__main__":
    compared = run.main(sys.argv[1:])
    sys.exit(max(compared, robust.main(sys.argv[1:])))
