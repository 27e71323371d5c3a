// Tests the thread team, the barrier and the executor, for ThreadSanitizer: it sees two threads that use the same
// memory without an order between them, also where the result happens to be right.
//
//   team_test FOLDER    with the programs of the tests (test/kernels/write-fuzz-seeds.ts)
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include "base/barrier.h"
#include "base/thread_team.h"
#include "fuzz_run.h"

namespace {

using bptt::Barrier;
using bptt::ThreadTeam;

int failures = 0;

void expect(bool holds, const std::string& what) {
  if (holds) return;
  ++failures;
  std::fprintf(stderr, "FAILED: %s\n", what.c_str());
}

void join_all(std::vector<std::thread>* threads) {
  for (std::thread& thread : *threads) thread.join();
}

// Several callers use one team, each with any number of threads; the memory that members write is not atomic.
void test_callers() {
  ThreadTeam team;
  std::vector<std::thread> callers;
  std::atomic<int> wrong{0};
  for (int caller = 0; caller < 3; ++caller) {
    callers.emplace_back([&, caller] {
      for (int repeat = 0; repeat < 300; ++repeat) {
        std::vector<int> done(8);
        int members = 0;
        const ThreadTeam::Work work = [&](int id, int count) {
          done[static_cast<size_t>(id)] += 1;
          if (id == 0) members = count;
        };
        if (caller == 0) {
          team.run_when_free(1 + repeat % 5, work);
        } else {
          team.run(1 + repeat % 5, work);
        }
        for (int id = 0; id < 8; ++id) {
          if (done[static_cast<size_t>(id)] != (id < members ? 1 : 0)) ++wrong;
        }
      }
    });
  }
  join_all(&callers);
  expect(wrong == 0, "every member of a team does its work once");
}

// What one member writes before a barrier, all read after it.
void test_barrier() {
  for (int count = 1; count <= 5; ++count) {
    ThreadTeam team;
    Barrier barrier(count, nullptr);
    std::vector<int> written(static_cast<size_t>(count));
    std::atomic<int> wrong{0};
    std::atomic<int> members{0};
    team.run(count, [&](int id, int size) {
      members = size;
      if (size != count) return;  // the system gave fewer threads
      for (int phase = 1; phase <= 200; ++phase) {
        written[static_cast<size_t>(id)] = phase;
        if (phase % 50 == 0 && id == phase / 50 % count) std::this_thread::sleep_for(std::chrono::milliseconds(2));
        barrier.wait(true);
        for (const int number : written) wrong += number == phase ? 0 : 1;
        barrier.wait(true);
      }
    });
    expect(members == count && wrong == 0, "a barrier of " + std::to_string(count) + " orders memory");
  }
}

// Whenever the request comes, all threads leave at the same barrier.
void test_cancel() {
  for (int repeat = 0; repeat < 60; ++repeat) {
    ThreadTeam team;
    std::atomic<bool> cancel{false};
    Barrier barrier(3, &cancel);
    std::vector<int> phases(3);
    std::thread canceller([&] {
      std::this_thread::sleep_for(std::chrono::microseconds(repeat * 40));
      cancel = true;
    });
    team.run(3, [&](int id, int) {
      while (!barrier.wait(true)) ++phases[static_cast<size_t>(id)];
    });
    canceller.join();
    expect(phases[0] == phases[1] && phases[1] == phases[2], "all threads stop at one barrier");
  }
}

// Jobs run one after another, and all of them before the team ends.
void test_queue() {
  for (int repeat = 0; repeat < 20; ++repeat) {
    int done = 0;  // not atomic: no two jobs run at the same time
    {
      ThreadTeam team;
      expect(team.open_queue(), "the queue opens");
      std::vector<std::thread> callers;
      for (int caller = 0; caller < 3; ++caller) {
        callers.emplace_back([&] {
          for (int job = 0; job < 20; ++job)
            team.submit([&] { team.run_when_free(2, [&](int id, int) { done += id == 0 ? 1 : 0; }); });
        });
      }
      join_all(&callers);
    }
    expect(done == 60, "a team that ends finishes its jobs");
  }
}

// Owners come and go; the last one ends the team.
void test_owners() {
  std::vector<std::thread> owners;
  std::atomic<int> done{0};
  for (int owner = 0; owner < 4; ++owner) {
    owners.emplace_back([&] {
      for (int repeat = 0; repeat < 50; ++repeat)
        bptt::shared_thread_team()->run(2, [&](int id, int) { done += id == 0 ? 1 : 0; });
    });
  }
  join_all(&owners);
  expect(done == 200, "each owner of the shared team has its work done");
}

std::vector<uint8_t> bytes_of_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// The memory of a program after its execution; empty when it was refused.
std::vector<uint8_t> result_of(const bptt::fuzz::Input& input, ThreadTeam* team, int threads) {
  bptt::fuzz::LoadedInput loaded(input);
  if (!loaded.load(threads).is_ok() || !loaded.prepare()) return {};
  loaded.program().execute(*team, 0, nullptr, false);
  std::vector<uint8_t> memory;
  for (const bptt::Block& block : loaded.blocks()) memory.insert(memory.end(), block.data, block.data + block.bytes);
  return memory;
}

// All threads share every instruction of each program, and the bits are those of one thread.
void test_programs(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  expect(!files.empty(), "there are programs in " + folder.string());
  ThreadTeam team;
  int executed = 0;
  for (const auto& file : files) {
    const std::vector<uint8_t> bytes = bytes_of_file(file);
    const bptt::fuzz::Input input = bptt::fuzz::parse(bytes.data(), bytes.size());
    const std::vector<uint8_t> expected = result_of(input, &team, 1);
    expect(!expected.empty(), file.string() + " is executed");
    for (const int threads : {2, 3, 5})
      expect(result_of(input, &team, threads) == expected,
             file.string() + " gives the same bits with " + std::to_string(threads) + " threads");
    ++executed;
  }
  std::printf("team_test: %d programs with 1, 2, 3 and 5 threads\n", executed);
}

// Executions that are cancelled at any time, from another thread, while others use the team.
void test_cancelled_programs(const std::filesystem::path& folder) {
  ThreadTeam team;
  expect(team.open_queue(), "the queue opens");
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (++count % 20 != 0) continue;
    const std::vector<uint8_t> bytes = bytes_of_file(entry.path());
    const bptt::fuzz::Input input = bptt::fuzz::parse(bytes.data(), bytes.size());
    bptt::fuzz::LoadedInput queued(input), own(input);
    if (!queued.load(3).is_ok() || !own.load(3).is_ok() || !queued.prepare() || !own.prepare()) continue;
    std::atomic<bool> cancel{false}, ended{false};
    team.submit([&] {
      queued.program().execute(team, 0, &cancel, true);
      ended.store(true);
    });
    own.program().execute(team, 0, nullptr, false);
    cancel.store(true);
    while (!ended.load()) std::this_thread::yield();
  }
  std::printf("team_test: %d programs cancelled beside others\n", count / 20);
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) {
    std::fprintf(stderr, "usage: team_test FOLDER\n");
    return 2;
  }
  test_callers();
  test_barrier();
  test_cancel();
  test_queue();
  test_owners();
  test_programs(arguments[1]);
  test_cancelled_programs(arguments[1]);
  std::printf("team_test: %d failures\n", failures);
  return failures == 0 ? 0 : 1;
}
