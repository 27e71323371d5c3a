// Tests the thread team with its queue, the barrier, the lock of updates and the executor, for ThreadSanitizer: it sees
// two threads that use the same memory without an order between them, also where the result happens to be right.
//
//   team_test FOLDER    with the programs of the tests (test/kernels/write-fuzz-seeds.ts)
#include "team_test.h"

#include <atomic>
#include <chrono>
#include <cstdio>

#include "base/barrier.h"
#include "base/thread_team.h"

namespace bptt::team_test {

int failures = 0;

void expect(bool holds, const std::string& what) {
  if (holds) return;
  ++failures;
  std::fprintf(stderr, "FAILED: %s\n", what.c_str());
}

void join_all(std::vector<std::thread>* threads) {
  for (std::thread& thread : *threads) thread.join();
}

}  // namespace bptt::team_test

namespace {

using bptt::Barrier;
using bptt::ThreadTeam;
using bptt::team_test::expect;
using bptt::team_test::join_all;

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

// Jobs that use the members run one after another, the others beside them, and all of them before the team ends.
void test_queue() {
  for (int repeat = 0; repeat < 20; ++repeat) {
    int done = 0;  // not atomic: no two of these jobs run at the same time
    std::atomic<int> short_done{0};
    {
      ThreadTeam team;
      expect(team.open_queue(), "the queue opens");
      std::vector<std::thread> callers;
      for (int caller = 0; caller < 3; ++caller) {
        callers.emplace_back([&] {
          for (int job = 0; job < 20; ++job) {
            team.submit(
                [&] {
                  team.run_when_free(2, [&](int id, int) {
                    if (id == 0) ++done;
                  });
                },
                true);
            team.submit([&] { team.run_when_free(1, [&](int, int) { ++short_done; }); }, false);
          }
        });
      }
      join_all(&callers);
    }
    expect(done == 60 && short_done == 60, "a team that ends finishes its jobs");
  }
}

// Jobs that use the members keep their order; one that has begun does not hold up jobs of one thread.
void test_order_of_jobs() {
  for (int repeat = 0; repeat < 20; ++repeat) {
    std::vector<int> order;
    {
      ThreadTeam team;
      expect(team.open_queue(), "the queue opens");
      std::atomic<int> to_come{3};
      for (int job = 0; job < 5; ++job) {
        const auto wait_for_short_jobs = [&, job] {
          while (to_come.load() > 0) std::this_thread::yield();
          order.push_back(job);
        };
        team.submit(wait_for_short_jobs, true);
      }
      for (int job = 0; job < 3; ++job) team.submit([&] { --to_come; }, false);
    }
    expect(order == std::vector<int>({0, 1, 2, 3, 4}), "jobs that use the members keep their order");
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
  test_order_of_jobs();
  test_owners();
  bptt::team_test::test_update_lock();
  bptt::team_test::test_programs(arguments[1]);
  std::printf("team_test: %d failures\n", bptt::team_test::failures);
  return bptt::team_test::failures == 0 ? 0 : 1;
}
