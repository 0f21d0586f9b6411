/* A libnvidia-ml.so.1 for the real pynvml: two cards whose trouble NVML_SCENARIO names.
 *
 * The functions, structs and numbers are those of nvml.h that stormdeck reaches through the binding.
 * With -DOLD_DRIVER the library lacks what came after driver 470, and lists processes as drivers did then.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SUCCESS = 0, UNINITIALIZED = 1, NOT_SUPPORTED = 3, NO_PERMISSION = 4, NOT_FOUND = 6, INSUFFICIENT_SIZE = 7 };
enum { DRIVER_NOT_LOADED = 9, GPU_IS_LOST = 15, LIB_RM_VERSION_MISMATCH = 18, UNKNOWN = 999 };
enum { NEWER_THAN_THE_BINDING = 77 };
enum { CARDS = 2, INSTANCES = 3, INSTANCE = 100, STRANGER = 2147480000 };
#define MIB (1ull << 20)
#define NOT_AVAILABLE (~0ull)

typedef struct card { unsigned index; } *device;
typedef struct { unsigned gpu, memory; } rates;
typedef struct { unsigned long long total, free, used; } memory_v1;
typedef struct { unsigned version; unsigned long long total, reserved, free, used; } memory_v2;
typedef struct { unsigned version, sensor; int temperature; } thermometer;
typedef struct { unsigned pid; unsigned long long used; unsigned instance, compute_instance; } process;

static struct card cards[CARDS + INSTANCES] = {{0}, {1}, {INSTANCE}, {INSTANCE + 1}, {INSTANCE + 2}};
static unsigned attached, attachments, looks;

static int is(const char *scenario) {
    const char *chosen = getenv("NVML_SCENARIO");
    return chosen != NULL && strcmp(chosen, scenario) == 0;
}

/* What every function asks first. "lost": the second card goes in the midst of its second look, and is back when
 * the driver was let go and attached for the third time. */
static int fault(device card) {
    if (!attached) return UNINITIALIZED;
    if (card != NULL && is("lost") && card->index == 1 && looks > 1 && attachments < 3) return GPU_IS_LOST;
    if (is("taken away") && looks > 1) return UNKNOWN;
    if (card != NULL && is("forbidden")) return NO_PERMISSION;
    return SUCCESS;
}

static int tell(device card, unsigned value, unsigned *told) {
    int code = fault(card);
    if (code == SUCCESS) *told = value;
    return code;
}

static int tell_text(device card, const char *value, char *told, unsigned size) {
    int code = fault(card);
    if (code == SUCCESS) strncpy(told, value, size);
    return code;
}

int nvmlInit_v2(void) {
    if (is("not loaded")) return DRIVER_NOT_LOADED;
    if (is("out of the ordinary")) return NEWER_THAN_THE_BINDING;
    if (is("updated")) return LIB_RM_VERSION_MISMATCH;
    attached++;
    attachments++;
    return SUCCESS;
}
int nvmlInitWithFlags(unsigned flags) { (void)flags; return nvmlInit_v2(); }
int nvmlShutdown(void) {
    if (!attached) return UNINITIALIZED;
    attached--;
    return SUCCESS;
}
const char *nvmlErrorString(int code) { return code == NEWER_THAN_THE_BINDING ? "Something new" : "no text"; }
int nvmlSystemGetDriverVersion(char *version, unsigned size) { return tell_text(NULL, "580.95.05", version, size); }
int nvmlDeviceGetCount_v2(unsigned *count) { return tell(NULL, is("no card") ? 0 : CARDS, count); }
int nvmlDeviceGetHandleByIndex_v2(unsigned index, device *card) {
    *card = &cards[index];
    return fault(*card);
}
int nvmlDeviceGetName(device card, char *name, unsigned size) {
    return tell_text(card, is("strange name") ? "NVIDIA \x1b[31mH2\xff\n00" : "NVIDIA H200", name, size);
}
int nvmlDeviceGetUUID(device card, char *uuid, unsigned size) {
    return tell_text(card, card->index ? "GPU-two" : "GPU-one", uuid, size);
}
int nvmlDeviceGetUtilizationRates(device card, rates *told) {
    looks += card->index == 1;
    if (fault(card) != SUCCESS) return fault(card);
    if (is("mig") || is("unsupported")) return NOT_SUPPORTED;
    told->gpu = card->index ? 88 : 91;
    told->memory = 40;
    return SUCCESS;
}
int nvmlDeviceGetMemoryInfo(device card, memory_v1 *told) {
    told->total = 143771 * MIB;
    told->used = 112480 * MIB + 600 * MIB;
    told->free = told->total - told->used;
    return fault(card);
}
int nvmlDeviceGetTemperature(device card, unsigned sensor, unsigned *told) {
    return sensor ? NOT_SUPPORTED : tell(card, 71 - card->index, told);
}
int nvmlDeviceGetPowerUsage(device card, unsigned *told) {
    return is("unsupported") ? NOT_SUPPORTED : tell(card, 612400, told);
}
int nvmlDeviceGetEnforcedPowerLimit(device card, unsigned *told) {
    return is("unsupported") ? NOT_SUPPORTED : tell(card, 700000, told);
}
int nvmlDeviceGetClockInfo(device card, unsigned clock, unsigned *told) {
    return clock != 1 || is("unsupported") ? NOT_SUPPORTED : tell(card, 1755, told);
}
int nvmlDeviceGetMaxClockInfo(device card, unsigned clock, unsigned *told) {
    return clock != 1 || is("unsupported") ? NOT_SUPPORTED : tell(card, 1980, told);
}
int nvmlDeviceGetCurrentClocksThrottleReasons(device card, unsigned long long *told) {
    *told = is("hot") ? 0x40 : 0x1;
    return fault(card);
}
int nvmlDeviceGetMigMode(device card, unsigned *now, unsigned *later) {
    *later = is("mig");
    return is("unsupported") ? NOT_SUPPORTED : tell(card, is("mig"), now);
}

/* The process that asks, and one that this machine does not know, whose memory nobody is told. */
static int list(device card, unsigned *count, process *told) {
    unsigned room = *count;
    if (fault(card) != SUCCESS) return fault(card);
    if (is("no process list") || (is("mig") && card->index < INSTANCE)) return NO_PERMISSION;
    *count = card->index == 0 || card->index == INSTANCE ? 2 : 0;
    if (*count > room) return INSUFFICIENT_SIZE;
    if (*count == 0) return SUCCESS;
    told[0] = (process){STRANGER, NOT_AVAILABLE, 0, 0};
    told[1] = (process){(unsigned)getpid(), 112000 * MIB, 0, 0};
    return SUCCESS;
}
static int nothing_drawn(device card, unsigned *count) {
    *count = 0;
    return is("no process list") ? NO_PERMISSION : fault(card);
}

#ifdef OLD_DRIVER
int nvmlDeviceGetComputeRunningProcesses_v2(device card, unsigned *count, process *told) {
    return list(card, count, told);
}
int nvmlDeviceGetGraphicsRunningProcesses_v2(device card, unsigned *count, process *told) {
    (void)told;
    return nothing_drawn(card, count);
}
#else
int nvmlDeviceGetComputeRunningProcesses_v3(device card, unsigned *count, process *told) {
    return list(card, count, told);
}
int nvmlDeviceGetGraphicsRunningProcesses_v3(device card, unsigned *count, process *told) {
    (void)told;
    return nothing_drawn(card, count);
}
int nvmlDeviceGetMemoryInfo_v2(device card, memory_v2 *told) {
    if (told->version != 0x02000028) return UNKNOWN;
    told->total = 143771 * MIB;
    told->reserved = 600 * MIB;
    told->used = 112480 * MIB;
    told->free = told->total - told->used - told->reserved;
    return is("unsupported") ? NOT_SUPPORTED : fault(card);
}
int nvmlDeviceGetTemperatureV(device card, thermometer *told) {
    told->temperature = 71 - (int)card->index;
    return told->version != 0x0100000C || told->sensor ? UNKNOWN : fault(card);
}
int nvmlDeviceGetCurrentClocksEventReasons(device card, unsigned long long *told) {
    *told = is("hot") ? 0x40 : 0x1;
    return fault(card);
}
int nvmlDeviceGetMaxMigDeviceCount(device card, unsigned *told) { return tell(card, INSTANCES, told); }
int nvmlDeviceGetMigDeviceHandleByIndex(device card, unsigned index, device *instance) {
    if (index != 0 || card->index != 0) return NOT_FOUND;
    *instance = &cards[CARDS + index];
    return fault(card);
}
#endif
