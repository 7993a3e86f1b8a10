// A driver of no GPU, under which cuDNN plans graphs for a GPU that it is told of: whatever it is given to load, it takes, and nothing
// runs. These are the functions that cuDNN looks for when it has compiled a kernel.
#define EXPORT extern "C" __attribute__((visibility("default")))
#define TENON_DONE(name) EXPORT int name() { return 0; }

namespace {
int something;
}

EXPORT int cuLibraryLoadData(void** made) { return *made = &something, 0; }
EXPORT int cuLibraryGetKernel(void** found) { return *found = &something, 0; }
TENON_DONE(cuLibraryLoadFromFile)
TENON_DONE(cuLibraryUnload)
TENON_DONE(cuKernelGetAttribute)
TENON_DONE(cuKernelGetFunction)
TENON_DONE(cuKernelSetAttribute)
TENON_DONE(cuFuncSetAttribute)
TENON_DONE(cuLaunchKernel)
TENON_DONE(cuLaunchKernelEx)
TENON_DONE(cuLaunchCooperativeKernel)
TENON_DONE(cuOccupancyMaxActiveClusters)
TENON_DONE(cuOccupancyMaxPotentialClusterSize)
TENON_DONE(cuLinkCreate)
TENON_DONE(cuLinkAddData)
TENON_DONE(cuLinkComplete)
TENON_DONE(cuLinkDestroy)
TENON_DONE(cuGetErrorName)
TENON_DONE(cuGetErrorString)
TENON_DONE(cuDriverGetVersion)
TENON_DONE(cuDeviceGet)
TENON_DONE(cuDeviceGetCount)
TENON_DONE(cuCtxGetCurrent)
TENON_DONE(cuCtxGetLimit)
TENON_DONE(cuCtxPopCurrent)
TENON_DONE(cuCtxPushCurrent)
TENON_DONE(cuStreamGetCtx)
