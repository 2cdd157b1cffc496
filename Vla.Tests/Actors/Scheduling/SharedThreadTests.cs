using Akka.Actor;
using Akka.Dispatch;
using Vla.Actors.Pipeline;
using Vla.Actors.Policies.Staged.Actors;
using Vla.Actors.Scheduling;
using Vla.Sensors;
using Vla.Tests.Actors.Wiring;
using static TorchSharp.torch;

namespace Vla.Tests.Actors.Scheduling;

public sealed class SharedThreadTests : PipelineTestKit
{
    private const long Short = 20 * MonotonicTime.NsPerUs;
    private const long Long = 10 * MonotonicTime.NsPerMs;

    private readonly SharedThread _shared = new();
    private readonly StageThread _lent = new("lent");
    private readonly StageThread _own = new("own");

    protected override void AfterAll()
    {
        _lent.Shutdown();
        _own.Shutdown();
        base.AfterAll();
    }

    [Fact]
    public void Whoever_shares_is_run_by_the_thread_that_is_lent_whichever_comes_first()
    {
        _shared.Lend(_lent);
        _shared.Add(_own);
        Assert.Equal("lent", RunsOn());

        var next = new StageThread("lent next");
        _shared.Lend(next);
        Assert.Equal("lent next", RunsOn());
        next.Shutdown();
    }

    [Fact]
    public void Where_no_thread_is_lent_it_runs_on_its_own()
    {
        _shared.Add(_own);
        Assert.Equal("own", RunsOn());

        _shared.Lend(_lent);
        _shared.Lend(null);
        Assert.Equal("own", RunsOn());
    }

    [Fact]
    public void When_the_thread_has_ended_or_it_shares_no_more_it_runs_on_its_own()
    {
        _shared.Lend(_lent);
        _shared.Add(_own);
        _lent.Shutdown();
        Assert.Equal("own", RunsOn());

        var next = new StageThread("lent next");
        _shared.Lend(next);
        _shared.Remove(_own);
        Assert.Equal("own", RunsOn());
        next.Shutdown();
    }

    [Fact]
    public void What_shares_a_thread_goes_before_the_threads_own_work()
    {
        var ran = new List<string>();
        using var busy = new ManualResetEventSlim();
        using var done = new CountdownEvent(2);
        _shared.Lend(_lent);
        _shared.Add(_own);
        _lent.Execute(new ActionRunnable(busy.Wait));

        _lent.Execute(new ActionRunnable(() => Note("own work")));
        _own.Execute(new ActionRunnable(() => Note("shared")));
        busy.Set();

        Assert.True(done.Wait(TimeSpan.FromSeconds(10)));
        Assert.Equal(["shared", "own work"], ran);

        void Note(string who)
        {
            ran.Add(who);
            done.Signal();
        }
    }

    [Fact]
    public void An_actor_whose_work_is_short_shares_and_one_whose_work_is_long_does_not()
    {
        var place = new SharingThread(_shared, _own);
        _shared.Lend(_lent);
        Assert.Equal("own", RunsOn());

        Work(place, Short, times: 1);
        Assert.Equal("lent", RunsOn());

        Work(place, Long, times: 5);
        Assert.Equal("own", RunsOn());
    }

    [Fact]
    public void One_long_piece_of_work_among_many_changes_nothing()
    {
        var place = new SharingThread(_shared, _own);
        _shared.Lend(_lent);
        Work(place, Short, times: 20);

        Work(place, 8 * MonotonicTime.NsPerMs, times: 1);

        Assert.Equal("lent", RunsOn());
    }

    [Fact]
    public void An_actor_whose_work_is_known_to_be_short_shares_from_the_start_until_it_leaves()
    {
        _shared.Lend(_lent);

        var place = new SharingThread(_shared, _own, always: true);
        Assert.Equal("lent", RunsOn());

        place.Leave();
        Assert.Equal("own", RunsOn());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Fusion_runs_on_the_thread_of_an_encoder_that_computes_and_not_of_one_that_waits(bool waits)
    {
        var (encoderThread, fusionThread) = ("", "");
        var threadNs = 0L;
        var (camera, language) = (CreateTestProbe(), CreateTestProbe());
        // In the clock of the thread it computes for an hour at a time, or not at all.
        var scheduling = new TunedScheduling(() => waits ? 0 : threadNs += 3_600 * MonotonicTime.NsPerSecond);
        var setup = Setup with { Scheduling = scheduling };
        var vision = Start(
            VisionEncoderActor.Props(
                setup,
                () =>
                    StandIns.Calling(x =>
                    {
                        encoderThread = Here;
                        return x.mean().expand(1, 2).contiguous();
                    }),
                CPU,
                camera
            )
        );
        var fusion = Start(
            FusionActor.Props(setup, () => new WhereItRuns(() => fusionThread = Here), vision, language)
        );
        fusion.Tell(new LanguageEncoded(Features(1), new Instruction(1, "go", 1)), language);

        for (var i = 1; i <= 3; i++)
        {
            fusion.Tell(Ready.Once);
            await camera.ExpectMsgAsync<Ready>();
            vision.Tell(Captured(i), camera);
            (await ExpectMsgAsync<FeaturesFused>()).Dispose();
        }

        Assert.Equal(!waits, encoderThread == fusionThread);
    }

    private static string Here =>
        Environment.CurrentManagedThreadId.ToString(System.Globalization.CultureInfo.InvariantCulture);

    private static void Work(SharingThread place, long tookNs, int times)
    {
        for (var i = 0; i < times; i++)
        {
            place.Begin(1);
            place.End(1 + tookNs);
        }
    }

    /// <summary>The name of the thread that runs what the actor's own is given.</summary>
    private string? RunsOn()
    {
        var name = new TaskCompletionSource<string?>(TaskCreationOptions.RunContinuationsAsynchronously);
        _own.Execute(new ActionRunnable(() => name.SetResult(Thread.CurrentThread.Name)));
        return name.Task.WaitAsync(TimeSpan.FromSeconds(10)).GetAwaiter().GetResult();
    }

    private sealed class WhereItRuns(Action note) : nn.Module<Tensor, Tensor, Tensor>("where")
    {
        public override Tensor forward(Tensor vision, Tensor language)
        {
            note();
            return vision + language;
        }
    }
}
