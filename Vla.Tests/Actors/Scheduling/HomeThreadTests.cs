using Akka.Actor;
using Akka.Dispatch;
using Vla.Actors.Pipeline;
using Vla.Actors.Policies.Staged.Actors;
using Vla.Actors.Scheduling;
using Vla.Sensors;
using Vla.Tests.Actors.Wiring;
using static TorchSharp.torch;

namespace Vla.Tests.Actors.Scheduling;

public sealed class HomeThreadTests : PipelineTestKit
{
    private const long Light = 20 * MonotonicTime.NsPerUs;
    private const long Heavy = 10 * MonotonicTime.NsPerMs;

    private readonly HomeThread _home = new();
    private readonly StageThread _leader = new("leader");
    private readonly StageThread _own = new("own");
    private readonly HomeThread.Follower _follower;

    public HomeThreadTests() => _follower = new HomeThread.Follower(_home, _own);

    protected override void AfterAll()
    {
        _leader.Shutdown();
        _own.Shutdown();
        base.AfterAll();
    }

    [Fact]
    public void Whoever_follows_is_run_by_the_leaders_thread_whichever_comes_first()
    {
        _home.Lead(_leader);
        _follower.Follow();
        Assert.Equal("leader", RunsOn());

        var next = new StageThread("next leader");
        _home.Lead(next);
        Assert.Equal("next leader", RunsOn());
        next.Shutdown();
    }

    [Fact]
    public void Without_a_leader_it_runs_on_its_own_thread()
    {
        _follower.Follow();
        Assert.Equal("own", RunsOn());

        _home.Lead(_leader);
        _home.Lead(null);
        Assert.Equal("own", RunsOn());
    }

    [Fact]
    public void When_the_leader_has_ended_or_it_leaves_it_runs_on_its_own_thread()
    {
        _home.Lead(_leader);
        _follower.Follow();
        _leader.Shutdown();
        Assert.Equal("own", RunsOn());

        var next = new StageThread("next leader");
        _home.Lead(next);
        _follower.Leave();
        Assert.Equal("own", RunsOn());
        next.Shutdown();
    }

    [Fact]
    public void A_guest_goes_before_the_leaders_own_work()
    {
        var ran = new List<string>();
        using var busy = new ManualResetEventSlim();
        using var done = new CountdownEvent(2);
        _home.Lead(_leader);
        _follower.Follow();
        _leader.Execute(new ActionRunnable(busy.Wait));

        _leader.Execute(new ActionRunnable(() => Note("leader")));
        _own.Execute(new ActionRunnable(() => Note("guest")));
        busy.Set();

        Assert.True(done.Wait(TimeSpan.FromSeconds(10)));
        Assert.Equal(["guest", "leader"], ran);

        void Note(string who)
        {
            ran.Add(who);
            done.Signal();
        }
    }

    [Fact]
    public void A_stage_with_little_to_do_follows_and_one_that_takes_long_does_not()
    {
        _home.Lead(_leader);

        Worked(Light, times: 1);
        Assert.Equal("leader", RunsOn());

        Worked(Heavy, times: 5);
        Assert.Equal("own", RunsOn());
    }

    [Fact]
    public void One_slow_piece_among_many_changes_nothing()
    {
        _home.Lead(_leader);
        Worked(Light, times: 20);

        Worked(8 * MonotonicTime.NsPerMs, times: 1);

        Assert.Equal("leader", RunsOn());
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
        var setup = Setup with { Home = _home, ThreadTimeNs = () => waits ? 0 : threadNs += 3_600 * MonotonicTime.NsPerSecond };
        var vision = Start(VisionEncoderActor.Props(setup, () => StandIns.Calling(x =>
        {
            encoderThread = Here;
            return x.mean().expand(1, 2).contiguous();
        }), CPU, camera));
        var fusion = Start(FusionActor.Props(setup, () => new WhereItRuns(() => fusionThread = Here), vision, language));
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

    private static string Here => Environment.CurrentManagedThreadId.ToString(System.Globalization.CultureInfo.InvariantCulture);

    private void Worked(long tookNs, int times)
    {
        for (var i = 0; i < times; i++) _follower.Worked(tookNs);
    }

    /// <summary>The name of the thread that runs what the follower's own is given.</summary>
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
