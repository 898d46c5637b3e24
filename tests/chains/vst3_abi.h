// VST3 interfaces as a host sees them: the part of the binary interface that the fixture plugin implements.
// Written from the published layout of VST 3.7, for Linux; no SDK is needed.
#pragma once
#include <cstdint>
#include <cstring>

namespace vst3 {

using Result = int32_t;
using Id = char[16];
using Text = char16_t[128];
using Speakers = uint64_t;
using ParameterId = uint32_t;

enum : Result { kNoInterface = -1, kOk = 0, kFalse = 1, kInvalid = 2, kNotImplemented = 3 };
enum : int32_t { kAudioBus = 0, kManyInstances = 0x7FFFFFFF, kUnicodeFactory = 1 << 4, kLatencyChanged = 1 << 3 };
constexpr Speakers kStereo = 3;
constexpr int32_t kSamples32 = 0;
constexpr int32_t kAutomatable = 1;
constexpr uint32_t kDefaultActive = 1, kInfiniteTail = 0xFFFFFFFFu, kTempoValid = 1u << 10;

struct IdWords { uint32_t words[4]; };
constexpr IdWords kUnknownId{{0, 0, 0xC0000000, 0x46}};
constexpr IdWords kFactoryId{{0x7A4D811C, 0x52114A1F, 0xAED9D2EE, 0x0B43BF9F}};
constexpr IdWords kPluginBaseId{{0x22888DDB, 0x156E45AE, 0x8358B348, 0x08190625}};
constexpr IdWords kComponentId{{0xE831FF31, 0xF2D54301, 0x928EBBEE, 0x25697802}};
constexpr IdWords kProcessorId{{0x42043F99, 0xB7DA453C, 0xA569E79D, 0x9AAEC33D}};
constexpr IdWords kControllerId{{0xDCD7BBE3, 0x7742448D, 0xA874AACC, 0x979C759E}};

inline void write_id(char* out, const IdWords& id) {
    for (int word = 0; word < 4; ++word)
        for (int byte = 0; byte < 4; ++byte) out[word * 4 + byte] = char(id.words[word] >> (24 - 8 * byte));
}
inline bool is_same(const char* id, const IdWords& other) {
    Id written;
    write_id(written, other);
    return std::memcmp(id, written, sizeof written) == 0;
}
inline void write_text(char16_t* out, const char* text) {
    int at = 0;
    for (; text[at] && at < 127; ++at) out[at] = char16_t(text[at]);
    out[at] = 0;
}

struct Unknown {
    virtual Result queryInterface(const Id, void**) = 0;
    virtual uint32_t addRef() = 0;
    virtual uint32_t release() = 0;
};

struct Stream : Unknown {
    virtual Result read(void*, int32_t bytes, int32_t* done) = 0;
    virtual Result write(void*, int32_t bytes, int32_t* done) = 0;
    virtual Result seek(int64_t, int32_t, int64_t*) = 0;
    virtual Result tell(int64_t*) = 0;
};

struct FactoryInfo { char vendor[64], url[256], email[128]; int32_t flags; };
struct ClassInfo { Id id; int32_t cardinality; char category[32]; char name[64]; };
struct BusInfo { int32_t media, direction, channels; Text name; int32_t type; uint32_t flags; };
struct RoutingInfo { int32_t media, bus, channel; };
struct ProcessSetup { int32_t mode, sample_size, max_frames; double rate; };
struct AudioBus { int32_t channels; uint64_t silence_flags; float** samples; };

struct ParameterQueue : Unknown {
    virtual ParameterId getParameterId() = 0;
    virtual int32_t getPointCount() = 0;
    virtual Result getPoint(int32_t, int32_t& frame, double& value) = 0;
    virtual Result addPoint(int32_t frame, double value, int32_t&) = 0;
};
struct ParameterChanges : Unknown {
    virtual int32_t getParameterCount() = 0;
    virtual ParameterQueue* getParameterData(int32_t) = 0;
    virtual ParameterQueue* addParameterData(const ParameterId&, int32_t&) = 0;
};
struct ProcessContext {
    uint32_t state;
    double rate;
    int64_t project_frames, system_time, continuous_frames;
    double project_beats, bar_beats, cycle_start_beats, cycle_end_beats, tempo_bpm;
};
struct ProcessData {
    int32_t mode, sample_size, frames, inputs, outputs;
    AudioBus *in, *out;
    ParameterChanges *changes_in, *changes_out;
    void *events_in, *events_out;
    ProcessContext* context;
};
struct ParameterInfo { ParameterId id; Text title, short_title, unit; int32_t steps; double initial; int32_t unit_id, flags; };

struct ComponentHandler : Unknown {
    virtual Result beginEdit(ParameterId) = 0;
    virtual Result performEdit(ParameterId, double) = 0;
    virtual Result endEdit(ParameterId) = 0;
    virtual Result restartComponent(int32_t flags) = 0;
};
struct PluginBase : Unknown {
    virtual Result initialize(Unknown*) = 0;
    virtual Result terminate() = 0;
};
struct Component : PluginBase {
    virtual Result getControllerClassId(Id) = 0;
    virtual Result setIoMode(int32_t) = 0;
    virtual int32_t getBusCount(int32_t media, int32_t direction) = 0;
    virtual Result getBusInfo(int32_t media, int32_t direction, int32_t index, BusInfo&) = 0;
    virtual Result getRoutingInfo(RoutingInfo&, RoutingInfo&) = 0;
    virtual Result activateBus(int32_t, int32_t, int32_t, uint8_t) = 0;
    virtual Result setActive(uint8_t) = 0;
    virtual Result setState(Stream*) = 0;
    virtual Result getState(Stream*) = 0;
};
struct AudioProcessor : Unknown {
    virtual Result setBusArrangements(Speakers*, int32_t, Speakers*, int32_t) = 0;
    virtual Result getBusArrangement(int32_t, int32_t, Speakers&) = 0;
    virtual Result canProcessSampleSize(int32_t) = 0;
    virtual uint32_t getLatencySamples() = 0;
    virtual Result setupProcessing(ProcessSetup&) = 0;
    virtual Result setProcessing(uint8_t) = 0;
    virtual Result process(ProcessData&) = 0;
    virtual uint32_t getTailSamples() = 0;
};
struct EditController : PluginBase {
    virtual Result setComponentState(Stream*) = 0;
    virtual Result setControllerState(Stream*) = 0;
    virtual Result getControllerState(Stream*) = 0;
    virtual int32_t getParameterCount() = 0;
    virtual Result getParameterInfo(int32_t, ParameterInfo&) = 0;
    virtual Result getParamStringByValue(ParameterId, double, Text) = 0;
    virtual Result getParamValueByString(ParameterId, char16_t*, double&) = 0;
    virtual double normalizedParamToPlain(ParameterId, double) = 0;
    virtual double plainParamToNormalized(ParameterId, double) = 0;
    virtual double getParamNormalized(ParameterId) = 0;
    virtual Result setParamNormalized(ParameterId, double) = 0;
    virtual Result setComponentHandler(ComponentHandler*) = 0;
    virtual void* createView(const char*) = 0;
};
struct Factory : Unknown {
    virtual Result getFactoryInfo(FactoryInfo*) = 0;
    virtual int32_t countClasses() = 0;
    virtual Result getClassInfo(int32_t, ClassInfo*) = 0;
    virtual Result createInstance(const char* id, const char* interface, void**) = 0;
};

}  // namespace vst3
