// Tests the lock that keeps readers of parameters and updates apart. The parameters are not atomic.
#include "base/update_lock.h"

#include <atomic>
#include <chrono>

#include "team_test.h"

namespace bptt::team_test {

namespace {

void sleep_for(int microseconds) {
  std::this_thread::sleep_for(std::chrono::microseconds(microseconds));
}

// Parameters that all hold the number of the update that wrote them.
struct Shared {
  UpdateLock lock;
  std::vector<int64_t> parameters = std::vector<int64_t>(16);
  std::atomic<int> wrong{0};

  void check() {
    const int64_t update = lock.updates();
    for (const int64_t parameter : parameters) wrong += parameter == update ? 0 : 1;
  }

  // Returns whether the update took place.
  bool update(const std::atomic<bool>* cancel) {
    if (!lock.begin_update(cancel)) return false;
    for (int64_t& parameter : parameters) {
      ++parameter;
      if (lock.updates() % 16 == 0) std::this_thread::yield();
    }
    check();
    lock.end_update();
    return true;
  }
};

// Several readers, each sometimes within another reading, and updates of which some are cancelled at any time.
void test_readers_and_updates() {
  Shared shared;
  std::atomic<bool> ended{false}, cancel{false};
  std::vector<std::thread> others;
  for (int reader = 0; reader < 3; ++reader) {
    others.emplace_back([&, reader] {
      for (int repeat = 0; !ended.load(); ++repeat) {
        shared.lock.enter();
        shared.check();
        if (repeat % 4 == reader) {
          sleep_for(100);
          shared.lock.enter();
          shared.check();
          shared.lock.leave();
        }
        shared.check();
        shared.lock.leave();
        sleep_for(50 * (reader + 1));
      }
    });
  }
  others.emplace_back([&] {
    for (int repeat = 0; !ended.load(); ++repeat) {
      cancel.store(repeat % 2 == 0);
      sleep_for(200 + repeat % 7 * 50);
    }
  });
  int64_t updates = 0;
  for (int repeat = 0; repeat < 500; ++repeat) updates += shared.update(repeat % 3 == 0 ? &cancel : nullptr) ? 1 : 0;
  ended.store(true);
  join_all(&others);
  expect(shared.wrong == 0, "nobody reads while an update is written");
  expect(updates >= 333 && shared.lock.updates() == updates, "the updates that have begun are counted");
}

// A request to cancel ends the wait for a reader, and leaves the lock as if no update had been asked for.
void test_cancelled_update() {
  Shared shared;
  for (int repeat = 0; repeat < 20; ++repeat) {
    std::atomic<bool> cancel{false};
    bool has_begun = true;
    shared.lock.enter();
    std::thread update([&] { has_begun = shared.update(&cancel); });
    sleep_for(repeat * 100);
    cancel.store(true);
    update.join();
    shared.lock.enter();
    shared.check();
    shared.lock.leave();
    shared.lock.leave();
    expect(!has_begun && shared.lock.updates() == repeat, "a cancelled update does not begin while a reader works");
    shared.lock.enter();  // waits for ever where an update still counts as asked for
    shared.lock.leave();
    expect(shared.update(&cancel), "an update that need not wait begins");
  }
  expect(shared.wrong == 0, "no update is written in part");
}

// A reader enters again while an update waits for it: neither waits for ever, and the update comes after the reader.
void test_reader_within_reader() {
  Shared shared;
  for (int repeat = 0; repeat < 20; ++repeat) {
    shared.lock.enter();
    std::thread update([&] { shared.update(nullptr); });
    sleep_for(repeat * 100);
    shared.lock.enter();
    shared.lock.leave();
    expect(shared.lock.updates() == repeat, "an update waits for the outer reader");
    shared.lock.leave();
    update.join();
    expect(shared.lock.updates() == repeat + 1, "an update begins when the last reader has left");
  }
  expect(shared.wrong == 0, "no update is written in part");
}

}  // namespace

void test_update_lock() {
  test_readers_and_updates();
  test_cancelled_update();
  test_reader_within_reader();
}

}  // namespace bptt::team_test
