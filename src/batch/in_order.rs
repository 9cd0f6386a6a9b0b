//! Work on numbered items by several threads, whose outcomes are taken in order.

use std::cell::LazyCell;
use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, PoisonError};

use rayon::ThreadPoolBuilder;

/// Items to be worked on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Items {
    /// Their numbers are those below.
    pub count: usize,
    pub threads: usize,
    /// The parallel loops of those below this number run on one thread. While each
    /// thread has an item, loops over all cores only wait for each other.
    pub alone: usize,
}

/// Does `work` for each item, and gives the outcomes to `take` on this thread, in
/// order. The first error ends it.
///
/// At most two items a thread are begun and not yet taken, so memory does not
/// grow where taking is slower than working. The threads are not those of rayon:
/// a thread that waits for a parallel loop of its own item begins no other one.
pub(super) fn in_order<T: Send, E: Send>(
    Items { count, threads, alone }: Items,
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
                // Without it, for want of threads, all cores do as well.
                let own = LazyCell::new(|| ThreadPoolBuilder::new().num_threads(1).build().ok());
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
                    let own = if number < alone { own.as_ref() } else { None };
                    let outcome = own.map_or_else(|| work(number), |own| own.install(|| work(number)));
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
            in_order(Items { count: 50, threads, alone: 20 }, work, take).unwrap();
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
            assert_eq!(in_order(Items { count: 1000, threads, alone: 1000 }, work, |_, _| Ok(())), Err(5));
            assert!(begun.load(Ordering::SeqCst) < 20);
            assert_eq!(in_order(Items { count: 10, threads, alone: 0 }, Ok, |number, _| if number == 3 { Err("full") } else { Ok(()) }), Err("full"));
        }
    }

    #[test]
    fn a_panic_in_a_thread_is_passed_on() {
        for alone in [0, 10] {
            let work = |number| if number == 4 { panic!("broken") } else { Ok::<_, ()>(()) };
            let caught = std::panic::catch_unwind(|| in_order(Items { count: 10, threads: 2, alone }, work, |_, ()| Ok(())));
            assert!(caught.is_err());
        }
    }

    #[test]
    fn loops_of_an_item_that_is_alone_have_one_thread() {
        let threads = |number: usize| Ok::<_, ()>((number, rayon::current_num_threads()));
        let all = rayon::current_num_threads();
        in_order(Items { count: 8, threads: 2, alone: 6 }, threads, |_, (number, threads)| {
            assert_eq!(threads, if number < 6 { 1 } else { all });
            Ok(())
        })
        .unwrap();
    }
}
