// What the Swift overlay of the C library leaves out.
#include <sys/prctl.h>
#include <sys/timex.h>

// Variadic functions are not imported.
static inline int countersign_name_thread(const char *name) { return prctl(PR_SET_NAME, name, 0, 0, 0); }
