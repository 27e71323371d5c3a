// The only include of node-addon-api.
#pragma once

// A worker thread that is being terminated can neither run nor throw anything; without this, an error at that moment
// would end the whole process.
#define NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS

#include <napi.h>
