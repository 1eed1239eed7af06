// What the Swift overlay of the C library leaves out.
#include <sys/timex.h>
