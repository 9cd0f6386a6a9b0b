//! Work on numbered items by several threads, whose outcomes are taken in order.

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, PoisonError};

/// Does `work` for each number below `count` on `threads` threads, and gives the
/// outcomes to `take` on this one, in order. The first error ends it.
///
/// At most two items a thread are begun and not yet taken, so memory does not
/// grow where taking is slower than working. The threads are not those of rayon:
/// a thread that waits for a parallel loop of its own item begins no other one.
pub(super) fn in_order<T: Send, E: Send>(
    count: usize,
    threads: usize,
    work: impl Fn(usize) -> Result<T, E> + Sync,
    mut take: impl FnMut(usize, T) -> Result<(), E>,
) -> Result<(), E> {
    if threads < 2 || count < 2 {
        return (0..count).try_for_each(|number| take(number, work(number)?));
    }
    let state = Mutex::new(State { begun: 0, taken: 0, done: BTreeMap::new(), ended: false });
    let changed = Condvar::new();
    let lock = || state.lock().unwrap_or_else(PoisonError::into_inner);
    std::thread::scope(|scope| {
        for _ in 0..threads.min(count) {
            scope.spawn(|| {
                // A thread that panics must not leave the others waiting.
                let _end = OnDrop(|| {
                    if std::thread::panicking() {
                        lock().ended = true;
                        changed.notify_all();
                    }
                });
                loop {
                    let number = {
                        let waits = |state: &mut State<_>| !state.ended && state.begun < count && state.begun >= state.taken + 2 * threads;
                        let mut state = changed.wait_while(lock(), waits).unwrap_or_else(PoisonError::into_inner);
                        if state.ended || state.begun >= count {
                            return;
                        }
                        state.begun += 1;
                        state.begun - 1
                    };
                    let outcome = work(number);
                    lock().done.insert(number, outcome);
                    changed.notify_all();
                }
            });
        }
        let outcome = (0..count).try_for_each(|number| {
            let next = changed.wait_while(lock(), |state| !state.ended && !state.done.contains_key(&number));
            let next = next.unwrap_or_else(PoisonError::into_inner).done.remove(&number);
            // Nothing is there only when a thread panicked, which the scope passes on.
            let Some(next) = next else { return Ok(()) };
            take(number, next?)?;
            lock().taken = number + 1;
            changed.notify_all();
            Ok(())
        });
        lock().ended = true;
        changed.notify_all();
        outcome
    })
}

struct State<O> {
    begun: usize,
    taken: usize,
    done: BTreeMap<usize, O>,
    ended: bool,
}

struct OnDrop<F: FnMut()>(F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use super::*;

    #[test]
    fn outcomes_come_in_order_and_little_is_begun_ahead() {
        for threads in 1..5 {
            let (begun, mut taken) = (AtomicUsize::new(0), Vec::new());
            let work = |number: usize| {
                begun.fetch_add(1, Ordering::SeqCst);
                std::thread::sleep(Duration::from_micros((number * 7919 % 5) as u64 * 100));
                Ok::<_, ()>(number * 2)
            };
            let take = |number: usize, outcome| {
                assert!(begun.load(Ordering::SeqCst) <= number + 2 * threads + 1);
                taken.push(outcome);
                Ok(())
            };
            in_order(50, threads, work, take).unwrap();
            assert_eq!(taken, (0..50).map(|n| n * 2).collect::<Vec<_>>());
        }
    }

    #[test]
    fn the_first_error_in_order_ends_the_work() {
        for threads in 1..4 {
            let begun = AtomicUsize::new(0);
            let work = |number: usize| {
                begun.fetch_add(1, Ordering::SeqCst);
                if number == 5 || number == 7 { Err(number) } else { Ok(number) }
            };
            assert_eq!(in_order(1000, threads, work, |_, _| Ok(())), Err(5));
            assert!(begun.load(Ordering::SeqCst) < 20);
            assert_eq!(in_order(10, threads, Ok, |number, _| if number == 3 { Err("full") } else { Ok(()) }), Err("full"));
        }
    }

    #[test]
    fn a_panic_in_a_thread_is_passed_on() {
        let caught = std::panic::catch_unwind(|| in_order(10, 2, |number| if number == 4 { panic!("broken") } else { Ok::<_, ()>(()) }, |_, ()| Ok(())));
        assert!(caught.is_err());
    }
}
