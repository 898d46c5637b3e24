// VST3 plugin for tests: a stereo gain that fails in one chosen way, its mode.
//
// The mode is the name of its file: fixture_MODE.so. So it is compiled once, and each bundle has a copy:
//   g++ -std=c++17 -O1 -shared -fPIC -o fixture_gain.so vst3_fixture.cpp
// Two parameters: Gain (0 to 2, at first 1) and Lookahead (0 to 1000 samples, used by latparam alone).
#include "vst3_abi.h"

#include <dlfcn.h>
#include <unistd.h>

#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <string>
#include <vector>

namespace {

using namespace vst3;

constexpr int kLateBlocks = 20;       // so many blocks pass before a mode fails in process: loading is over then
constexpr int kLatencyFrames = 256;   // of the modes with latency
constexpr int kLongestDelay = 1000;   // of mode latparam, whose delay follows its parameter at once
constexpr int kGapBlocks = 50;        // mode gaps silences each block with a multiple of this number
constexpr int kSilentStartMs = 500;   // mode slow_start is silent for so long
constexpr int kSlowLoadS = 1;         // mode slow_ctor takes so long for each instance; hosts make two or three
constexpr int kForgotten = 17;        // the parameter of forty_parameters that its state does not restore
constexpr uint32_t kVendor = 0x53494445, kProduct = 0x4D414E00;

// fixture_MODE.so is loaded from this file
std::string find_mode() {
    Dl_info info;
    if (!dladdr(reinterpret_cast<void*>(&find_mode), &info)) return "gain";
    std::string name = info.dli_fname;
    name = name.substr(name.rfind('/') + 1);
    name = name.substr(0, name.rfind('.'));
    const std::string prefix = "fixture_";
    return name.compare(0, prefix.size(), prefix) == 0 ? name.substr(prefix.size()) : "gain";
}
bool is_mode(const char* name) {
    static const std::string mode = find_mode();
    return mode == name;
}

void* volatile last_leak;  // keeps the compiler from leaving the leak out

int* volatile nowhere = nullptr;  // the compiler would leave out a write that it knows to be wrong
void crash() { *nowhere = 1; }
void hang_still() { for (;;) usleep(1000); }
void hang_busy() { for (volatile long count = 0;; count = count + 1) {} }
void start_process_that_stays() {
    if (fork() == 0) { sleep(600); _exit(0); }
}

IdWords compute_class_id(int index) {
    uint32_t hash = 2166136261u;  // FNV-1a, so that each mode is another plugin
    for (char letter : find_mode()) hash = (hash ^ uint8_t(letter)) * 16777619u;
    return {{kVendor, kProduct, hash, uint32_t(index + 1)}};
}

class Plugin : public Component, public AudioProcessor, public EditController {
public:
    explicit Plugin(int index) : class_gain_(index ? 0.5f : 1.0f), began_(std::chrono::steady_clock::now()) {
        values_.assign(is_mode("forty_parameters") ? 40 : 2, 0.0);
        values_[0] = 0.5;
        active_ = values_;
        if (is_mode("crash_ctor")) crash();
        if (is_mode("abort_ctor")) abort();
        if (is_mode("exit_ctor")) _exit(0);
        if (is_mode("hang_ctor")) hang_still();
        if (is_mode("busy_ctor")) hang_busy();
        if (is_mode("slow_ctor")) sleep(kSlowLoadS);
        if (is_mode("prints")) for (int line = 0; line < 20000; ++line) printf("{\"type\":\"loaded\"} line %d\n", line);
        if (is_mode("starts_process")) start_process_that_stays();
        if (is_mode("memory_ctor")) for (;;) std::memset(::operator new(64 << 20), 1, 64 << 20);
    }

    Result queryInterface(const Id id, void** out) override {
        *out = nullptr;
        if (is_same(id, kUnknownId) || is_same(id, kPluginBaseId) || is_same(id, kComponentId)) *out = static_cast<Component*>(this);
        if (is_same(id, kProcessorId)) *out = static_cast<AudioProcessor*>(this);
        if (is_same(id, kControllerId)) *out = static_cast<EditController*>(this);
        if (*out) ++references_;
        return *out ? kOk : kNoInterface;
    }
    uint32_t addRef() override { return ++references_; }
    uint32_t release() override { return --references_; }  // never freed: hosts release in any order
    Result initialize(Unknown*) override { return kOk; }
    Result terminate() override { return kOk; }

    // component
    Result getControllerClassId(Id) override { return kNotImplemented; }
    Result setIoMode(int32_t) override { return kNotImplemented; }
    int32_t getBusCount(int32_t media, int32_t) override { return media == kAudioBus ? 1 : 0; }
    Result getBusInfo(int32_t media, int32_t direction, int32_t index, BusInfo& bus) override {
        if (media != kAudioBus || index) return kInvalid;
        bus.media = media, bus.direction = direction, bus.channels = 2, bus.type = 0, bus.flags = kDefaultActive;
        write_text(bus.name, direction ? "Out" : "In");
        return kOk;
    }
    Result getRoutingInfo(RoutingInfo&, RoutingInfo&) override { return kNotImplemented; }
    Result activateBus(int32_t, int32_t, int32_t, uint8_t) override { return kOk; }
    Result setActive(uint8_t is_active) override {
        if (is_active) prepare_delay();
        return kOk;
    }
    Result setState(Stream* stream) override {
        if (is_mode("hang_state")) hang_still();
        if (is_mode("nostate")) return kOk;
        std::vector<double> read(values_.size());
        const int32_t bytes = int32_t(read.size() * sizeof(double));
        int32_t done = 0;
        if (stream->read(read.data(), bytes, &done) != kOk || done != bytes) return kOk;
        if (is_mode("forty_parameters")) read[kForgotten] = values_[kForgotten];
        active_ = values_ = read;
        return kOk;
    }
    Result getState(Stream* stream) override {
        int32_t done;
        return stream->write(values_.data(), int32_t(values_.size() * sizeof(double)), &done);
    }

    // audio processor
    Result setBusArrangements(Speakers* in, int32_t ins, Speakers* out, int32_t outs) override {
        return ins == 1 && outs == 1 && in[0] == kStereo && out[0] == kStereo ? kOk : kFalse;
    }
    Result getBusArrangement(int32_t, int32_t, Speakers& speakers) override { speakers = kStereo; return kOk; }
    Result canProcessSampleSize(int32_t size) override { return size == kSamples32 ? kOk : kFalse; }
    uint32_t getLatencySamples() override { return uint32_t(is_mode("wronglat") ? 0 : find_delay()); }
    Result setupProcessing(ProcessSetup& setup) override { rate_ = setup.rate; return kOk; }
    Result setProcessing(uint8_t) override { return kOk; }
    uint32_t getTailSamples() override { return is_mode("inftail") ? kInfiniteTail : 0; }
    Result process(ProcessData& data) override {
        read_changes(data.changes_in);
        if (!is_mode("late_parameters")) active_ = values_;
        if (data.frames > 0 && data.inputs > 0 && data.outputs > 0) render(data);
        active_ = values_;
        return kOk;
    }

    // edit controller
    Result setComponentState(Stream* stream) override { return setState(stream); }
    Result setControllerState(Stream*) override { return kOk; }
    Result getControllerState(Stream*) override { return kOk; }
    int32_t getParameterCount() override { return int32_t(values_.size()); }
    Result getParameterInfo(int32_t index, ParameterInfo& info) override {
        if (index < 0 || index >= getParameterCount()) return kInvalid;
        std::memset(&info, 0, sizeof info);
        info.id = ParameterId(index), info.initial = index ? 0 : 0.5, info.flags = kAutomatable;
        const std::string title = index == 0 ? "Gain" : index == 1 ? "Lookahead" : "Parameter " + std::to_string(index);
        write_text(info.title, title.c_str());
        write_text(info.short_title, title.c_str());
        write_text(info.unit, index == 1 ? "samples" : "x");
        return kOk;
    }
    Result getParamStringByValue(ParameterId id, double value, Text out) override {
        char text[32];
        snprintf(text, sizeof text, "%.4f", normalizedParamToPlain(id, value));
        write_text(out, text);
        return kOk;
    }
    Result getParamValueByString(ParameterId id, char16_t* text, double& value) override {
        std::string plain;
        while (*text && plain.size() < 32) plain += char(*text++);
        value = plainParamToNormalized(id, atof(plain.c_str()));
        return kOk;
    }
    double normalizedParamToPlain(ParameterId id, double value) override { return value * find_range(id); }
    double plainParamToNormalized(ParameterId id, double value) override { return value / find_range(id); }
    double getParamNormalized(ParameterId id) override { return id < values_.size() ? values_[id] : 0; }
    Result setParamNormalized(ParameterId id, double value) override { return id < values_.size() ? set(id, value) : kInvalid; }
    Result setComponentHandler(ComponentHandler* handler) override { handler_ = handler; return kOk; }
    void* createView(const char*) override { return nullptr; }

private:
    static double find_range(ParameterId id) { return id == 1 ? 1000 : id ? 1 : 2; }
    int find_delay() const {
        if (is_mode("latency") || is_mode("wronglat") || is_mode("grows")) return kLatencyFrames;
        return is_mode("latparam") ? int(values_[1] * 1000 + 0.5) : 0;
    }
    void prepare_delay() {
        delay_ = find_delay();
        const size_t longest = is_mode("latparam") ? kLongestDelay : delay_;
        const size_t frames = is_mode("tempo") ? size_t(rate_ * 4) : longest + 1;
        for (auto& line : lines_) line.assign(frames, 0.0f);
        at_ = 0;
    }
    Result set(ParameterId id, double value) {
        const bool is_new = values_[id] != value;
        values_[id] = value;
        if (is_mode("latparam")) delay_ = find_delay();
        if (is_new && is_mode("latparam") && handler_) handler_->restartComponent(kLatencyChanged);
        return kOk;
    }
    void read_changes(ParameterChanges* changes) {
        for (int index = 0; changes && index < changes->getParameterCount(); ++index) {
            ParameterQueue* queue = changes->getParameterData(index);
            int32_t frame;
            double value;
            if (!queue || !queue->getPointCount() || queue->getParameterId() >= values_.size()) continue;
            if (queue->getPoint(queue->getPointCount() - 1, frame, value) == kOk) set(queue->getParameterId(), value);
        }
    }
    void fail_in_process() {
        if (is_mode("leak")) {
            void* block = malloc(100000);
            if (!block) abort();
            std::memset(block, 1, 100000);
            last_leak = block;
        }
        if (is_mode("slow")) usleep(20000);
        if (blocks_ <= kLateBlocks) return;
        if (is_mode("crash_process")) crash();
        if (is_mode("exit_process")) exit(3);
        if (is_mode("hang_process")) hang_still();
        if (is_mode("busy_process")) hang_busy();
    }
    void render(ProcessData& data) {
        ++blocks_;
        fail_in_process();
        if (is_mode("grows") && data.frames > last_frames_) for (auto& line : lines_) line.assign(line.size(), 0.0f);
        last_frames_ = data.frames;
        const double tempo = data.context && data.context->state & kTempoValid ? data.context->tempo_bpm : 120;
        const int echo = is_mode("tempo") ? int(rate_ * 60 / tempo + 0.5) : 0;
        for (int frame = 0; frame < data.frames; ++frame) {
            for (int channel = 0; channel < 2; ++channel) {
                float& out = data.out[0].samples[channel][frame];
                out = delay_or_echo(lines_[channel], data.in[0].samples[channel][frame], echo);
                out = spoil(out * float(active_[0] * 2) * class_gain_, data.frames);
            }
            if (!lines_[0].empty()) at_ = (at_ + 1) % lines_[0].size();
        }
    }
    float delay_or_echo(std::vector<float>& line, float in, int echo) {
        if (line.size() < 2) return in;
        line[at_] = in;
        const size_t back = size_t(echo ? echo : delay_);
        const float late = line[(at_ + line.size() - back % line.size()) % line.size()];
        return echo ? in + 0.5f * late : late;
    }
    float spoil(float sample, int frames) const {
        if (is_mode("nan") && blocks_ > 5) return std::numeric_limits<float>::quiet_NaN();
        if (is_mode("inf") && blocks_ > 5) return std::numeric_limits<float>::infinity();
        if (is_mode("nondet")) return sample + 1e-4f * (float(rand_r(&seed_)) / float(RAND_MAX) - 0.5f);
        if (is_mode("blockdep")) return sample * (1 - 0.1f / float(frames));
        if (is_mode("dc")) return sample + 0.01f;
        if (is_mode("denormal")) return sample + 1e-40f;
        if (is_mode("ratedep") && rate_ != 44100) return 0;
        if (is_mode("gaps") && blocks_ % kGapBlocks == 0) return 0;
        const auto age = std::chrono::steady_clock::now() - began_;
        if (is_mode("slow_start") && age < std::chrono::milliseconds(kSilentStartMs)) return 0;
        return is_mode("silence") ? 0 : sample;
    }

    const float class_gain_;
    const std::chrono::steady_clock::time_point began_;
    uint32_t references_ = 1;
    std::vector<double> values_, active_;  // of the controller, and those that the processor uses
    std::vector<float> lines_[2];
    size_t at_ = 0;
    int delay_ = 0;
    int last_frames_ = 0;
    long blocks_ = 0;
    double rate_ = 48000;
    ComponentHandler* handler_ = nullptr;
    mutable unsigned seed_ = unsigned(getpid()) ^ unsigned(reinterpret_cast<uintptr_t>(this) >> 4)
        ^ unsigned(began_.time_since_epoch().count());
};

class PluginFactory : public Factory {
public:
    Result queryInterface(const Id id, void** out) override {
        *out = is_same(id, kUnknownId) || is_same(id, kFactoryId) ? this : nullptr;
        return *out ? kOk : kNoInterface;
    }
    uint32_t addRef() override { return 1; }
    uint32_t release() override { return 1; }
    Result getFactoryInfo(FactoryInfo* info) override {
        std::memset(info, 0, sizeof *info);
        std::strcpy(info->vendor, "Sideman tests");
        info->flags = kUnicodeFactory;
        return kOk;
    }
    int32_t countClasses() override { return is_mode("two_classes") ? 2 : 1; }
    Result getClassInfo(int32_t index, ClassInfo* info) override {
        std::memset(info, 0, sizeof *info);
        write_id(info->id, compute_class_id(index));
        info->cardinality = kManyInstances;
        std::strcpy(info->category, "Audio Module Class");
        snprintf(info->name, sizeof info->name, "Fixture %s%s", find_mode().c_str(), index ? " half" : "");
        return kOk;
    }
    Result createInstance(const char* id, const char* interface, void** out) override {
        *out = nullptr;
        if (is_mode("null_instance")) return kNoInterface;
        auto* plugin = new Plugin(is_same(id, compute_class_id(1)) ? 1 : 0);
        return plugin->queryInterface(interface, out);
    }
};

PluginFactory factory;

}  // namespace

#define EXPORT extern "C" __attribute__((visibility("default")))

EXPORT void* GetPluginFactory() { return static_cast<Factory*>(&factory); }
EXPORT bool ModuleEntry(void*) {
    if (is_mode("hang_entry")) hang_still();
    if (is_mode("crash_entry")) crash();
    return true;
}
EXPORT bool ModuleExit() { return true; }
