using System.Collections.Concurrent;
using Vla.Actors.Policies.Staged.Kernels;
using Vla.Actors.Scheduling;
using Vla.Tests.Actors.Scheduling;

namespace Vla.Tests.Actors.Policies.Staged.Kernels;

public sealed class RowTeamTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public void Every_row_of_every_step_is_done_once_before_the_step_ends(int threads)
    {
        using var team = new RowTeam(threads);
        for (var step = 0; step < 2_000; step++)
        {
            var work = new Counted(rows: step % 40);

            team.Run(work);

            Assert.All(work.Done, times => Assert.Equal(1, times));
        }
    }

    [Fact]
    public void While_one_thread_is_held_up_the_others_do_the_rest()
    {
        const int rows = 50;
        using var team = new RowTeam(2);
        using var others = new CountdownEvent(rows - 1);
        var work = new Work(
            rows,
            row =>
            {
                if (row == 0)
                    Assert.True(others.Wait(Patience));
                else
                    others.Signal();
            }
        );

        team.Run(work);

        Assert.True(others.IsSet);
    }

    [Fact]
    public void Several_threads_work_at_the_same_time()
    {
        using var team = new RowTeam(3);
        using var barrier = new Barrier(3);

        team.Run(new Work(3, _ => Assert.True(barrier.SignalAndWait(Patience))));
    }

    [Fact]
    public void A_row_that_fails_is_said_when_the_others_are_done_and_the_next_step_goes_well()
    {
        using var team = new RowTeam(3);
        var done = new ConcurrentBag<int>();

        var failure = Assert.Throws<InvalidDataException>(() =>
            team.Run(
                new Work(
                    20,
                    row =>
                    {
                        if (row == 7)
                            throw new InvalidDataException("row 7");
                        done.Add(row);
                    }
                )
            )
        );

        Assert.Equal("row 7", failure.Message);
        Assert.Equal(Enumerable.Range(0, 20).Where(row => row != 7), done.Order());
        var next = new Counted(10);
        team.Run(next);
        Assert.All(next.Done, times => Assert.Equal(1, times));
    }

    [Fact]
    public void Its_threads_sleep_between_steps_and_are_there_for_the_next()
    {
        using var team = new RowTeam(2);
        for (var step = 0; step < 3; step++)
        {
            using var barrier = new Barrier(2);
            team.Run(new Work(2, _ => Assert.True(barrier.SignalAndWait(Patience))));
            Assert.True(SpinWait.SpinUntil(() => team.Sleeping == 1, Patience));
        }
    }

    [Fact]
    public void Its_threads_end_with_it()
    {
        var team = new RowTeam(3);
        var threads = new ConcurrentBag<Thread>();
        using var barrier = new Barrier(3);
        team.Run(
            new Work(
                3,
                _ =>
                {
                    threads.Add(Thread.CurrentThread);
                    Assert.True(barrier.SignalAndWait(Patience));
                }
            )
        );

        team.Dispose();

        Assert.All(
            threads.Where(thread => thread != Thread.CurrentThread),
            thread => Assert.True(thread.Join(Patience))
        );
    }

    [SeveralCoresFact]
    public void Its_threads_keep_off_the_callers_core()
    {
        using var team = new RowTeam(3);
        using var barrier = new Barrier(3);
        var helpers = new ConcurrentBag<int>();
        using var caller = new WorkThread();
        caller.Run(() =>
            team.Run(
                new Work(
                    3,
                    _ =>
                    {
                        helpers.Add(Cores.ThisThread);
                        Assert.True(barrier.SignalAndWait(Patience));
                    }
                )
            )
        );

        foreach (var core in Cores.Of(0).Take(2))
        {
            caller.Run(() =>
            {
                Cores.Set(Cores.ThisThread, [1UL << core]);
                team.Wake();
            });
            Assert.All(
                helpers.Where(helper => helper != caller.Run(() => Cores.ThisThread)),
                helper => Assert.DoesNotContain(core, Cores.Of(helper))
            );
        }
    }

    private sealed class Work(int rows, Action<int> what) : IRowWork
    {
        public int Rows => rows;

        public void Do(int row) => what(row);
    }

    private sealed class Counted(int rows) : IRowWork
    {
        private readonly int[] _done = new int[rows];

        public IReadOnlyList<int> Done => _done;

        public int Rows => rows;

        public void Do(int row)
        {
            Interlocked.Increment(ref _done[row]);
            // Long enough for the others to come: threads that do not meet cannot get in each other's way.
            Thread.SpinWait(30);
        }
    }
}
