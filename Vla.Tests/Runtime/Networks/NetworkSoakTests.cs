using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Vla.Actors.Control;
using Vla.Actors.Robots;
using Vla.Runtime.Robots;
using Vla.Sensors;
using Vla.Tests.Actors.Robots;
using Vla.Tests.Runtime.Networks.LeKiwi;
using Vla.Tests.Runtime.Networks.Mqtt;
using Vla.Tests.Runtime.Networks.Ros;
using Xunit.Abstractions;

namespace Vla.Tests.Runtime.Networks;

/// <summary>
/// Each wire to a robot with a network between that is killed, stalls, loses everything and spoils what it carries,
/// over and over: a control loop at its real rate publishes nothing old, and its stop gets through.
/// </summary>
/// <remarks>
/// Some rounds of it; <c>VLA_SOAK=3600</c> goes on for so long with each wire, and says what it saw.
/// </remarks>
[Collection(AgainstTheClock.Name)]
public sealed class NetworkSoakTests(ITestOutputHelper output)
{
    private const long NsPerMs = MonotonicTime.NsPerMs;

    /// <summary>A robot that was silent for so long is not moved: 0.3 s, and what this machine is late.</summary>
    private const long LongestSilenceMs = 1_500;

    /// <summary>A message on a network that is well is no older than this when it arrives.</summary>
    private const long OldestMs = 2_000;

    /// <summary>This machine was away: what came meanwhile says nothing of the network.</summary>
    private const long AwayMs = 100;

    private static readonly double Seconds = double.Parse(
        Environment.GetEnvironmentVariable("VLA_SOAK") ?? "0",
        CultureInfo.InvariantCulture
    );

    [Theory]
    [InlineData("ws")]
    [InlineData("ros")]
    [InlineData("mqtt")]
    [InlineData("lekiwi")]
    public void Nothing_old_is_published_and_the_stop_gets_through_however_the_network_fails(string wire)
    {
        using var folder = new TemporaryDirectory();
        using var peer = SoakPeer.Of(wire);
        var made = RobotRegistry
            .Parse(peer.Robot(folder.File("robot.json")), folder.Path)
            .Make(new RobotContext(() => throw new UnreachableException(), TimeProvider.System));
        using var robot = new RobotConnection(made.Robot!, TimeProvider.System);
        peer.Begin();
        robot.Connect(CancellationToken.None);
        var state = RobotStates.ReaderOf(robot, made.Profile, TimeProvider.System, 50);
        robot.State = state;
        var options = new ControlOptions { RateHz = 50, ResumeAfterStop = ResumeAfterStop.Automatic };
        using var loop = new ControlLoop(
            made.Profile,
            options,
            [robot],
            new ControlClock(),
            state: state,
            policyTakesState: true,
            robot: robot
        );
        loop.Start();
        var round = new Round(loop, robot, peer, made.Profile);
        var began = Stopwatch.StartNew();
        // Each failure once at least; the first round is not measured.
        round.Run(faults: 5);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        do round.Run(faults: 5);
        while (began.Elapsed.TotalSeconds < Seconds);
        var grown = GC.GetTotalMemory(forceFullCollection: true) - before;
        loop.Shutdown("done");

        output.WriteLine(
            FormattableString.Invariant(
                $"{wire}: {began.Elapsed.TotalSeconds:0} s, {round.Faults} faults, {robot.Reconnected} connections "
            )
                + FormattableString.Invariant(
                    $"anew, {peer.Told} messages, oldest {peer.OldestMs} ms on a network that was well, slowest stop "
                )
                + FormattableString.Invariant($"{round.SlowestStopMs} ms, memory {grown / 1024.0:0} KiB more")
        );
        Assert.Empty(peer.Wrong);
        Assert.InRange(grown, long.MinValue, 8 << 20);
    }

    /// <summary>One failure of the network after the other, with a stop after each.</summary>
    private sealed class Round(ControlLoop loop, RobotConnection robot, SoakPeer peer, RobotProfile profile)
    {
        private static readonly TimeSpan Longest = TimeSpan.FromSeconds(40);
        private int _fault;

        public int Faults => _fault;

        public long SlowestStopMs { get; private set; }

        public void Run(int faults)
        {
            for (var i = 0; i < faults; i++)
            {
                UntilMoving();
                Stop();
                UntilMoving();
                Fail(_fault++ % 5);
            }

            UntilMoving();
        }

        private void Fail(int kind)
        {
            switch (kind)
            {
                case 0:
                    peer.Network(proxy => proxy.Kill());
                    break;
                case 1:
                    peer.Broken(proxy => proxy.Stall(), TimeSpan.FromMilliseconds(1_500), Offer);
                    break;
                case 2:
                    peer.Broken(proxy => proxy.Lose(), TimeSpan.FromMilliseconds(3_500), Offer);
                    break;
                case 3:
                    peer.Network(proxy => proxy.Spoil([.. Enumerable.Range(0, 700).Select(n => (byte)(n * 37))]));
                    break;
                default:
                    peer.SayNonsense();
                    break;
            }
        }

        private void Stop()
        {
            var watch = Stopwatch.StartNew();
            loop.Stop("the soak stops it");
            Until(() => peer.IsStopped, "stopped");
            SlowestStopMs = Math.Max(SlowestStopMs, watch.ElapsedMilliseconds);
            loop.Resume();
        }

        private void UntilMoving() => Until(() => robot.Lost is null && peer.IsMoving, "moved");

        private void Until(Func<bool> isSo, string what)
        {
            peer.Forget();
            var watch = Stopwatch.StartNew();
            while (!isSo())
            {
                Offer();
                if (watch.Elapsed > Longest)
                    Assert.Fail(
                        $"not {what} after fault {_fault}: {robot.Lost ?? robot.Holding ?? robot.Note}; "
                            + $"{loop.Last?.State} {loop.Last?.Reason}"
                    );
            }
        }

        /// <summary>A fresh action, as a policy would; the peer speaks and listens meanwhile.</summary>
        private void Offer()
        {
            var values = profile.Dimensions.Select(one => one.Hold == HoldBehaviour.Zero ? 0.01f : 0.5f).ToArray();
            loop.Offer(Make.Action(TimeProvider.System.NowNs(), values));
            peer.Live(TimeSpan.FromMilliseconds(10));
        }
    }

    /// <summary>A robot behind a network that fails.</summary>
    private sealed class SoakPeer : IDisposable
    {
        private readonly List<ChaosProxy> _proxies = [];
        private readonly List<IDisposable> _owned = [];
        private readonly Stopwatch _well = Stopwatch.StartNew();
        private readonly Stopwatch _looked = Stopwatch.StartNew();
        private Func<string, string> _robot = _ => "";
        private Action<bool> _say = _ => { };
        private Func<IEnumerable<JsonElement>> _drain = () => [];
        private bool _hasNumbers = true;
        private long _newest;
        private long _spokeNs;
        private volatile bool _lives;
        private bool _isBroken;

        public List<string> Wrong { get; } = [];

        public long Told { get; private set; }

        public long OldestMs { get; private set; }

        public bool IsMoving { get; private set; }

        public bool IsStopped { get; private set; }

        public static SoakPeer Of(string wire)
        {
            var peer = new SoakPeer();
            if (wire == "ws")
                peer.MakeWebSocket();
            else if (wire == "ros")
                peer.MakeBridge();
            else if (wire == "mqtt")
                peer.MakeBroker();
            else
                peer.MakeKiwi();
            return peer;
        }

        public string Robot(string profile) => _robot(profile);

        /// <summary>Speaks by itself until the loop runs, for a robot that is being connected.</summary>
        public void Begin()
        {
            new Thread(() =>
            {
                using var pace = new ManualResetEventSlim(false);
                while (!_lives)
                {
                    _say(false);
                    pace.Wait(10);
                }
            })
            {
                IsBackground = true,
            }.Start();
        }

        public void Network(Action<ChaosProxy> what) => _proxies.ForEach(what);

        public void Broken(Action<ChaosProxy> how, TimeSpan time, Action meanwhile)
        {
            _isBroken = true;
            Network(how);
            for (var watch = Stopwatch.StartNew(); watch.Elapsed < time; )
            {
                _well.Restart();
                meanwhile();
            }

            Network(proxy => proxy.Heal());
            _isBroken = false;
            _well.Restart();
        }

        public void Forget() => (IsMoving, IsStopped) = (false, false);

        public void SayNonsense() => _say(true);

        public void Live(TimeSpan time)
        {
            _lives = true;
            _say(false);
            if (!_isBroken)
                _spokeNs = TimeProvider.System.NowNs();
            using var pause = new ManualResetEventSlim(false);
            pause.Wait(time);
            // What was not looked at in time may be as old as this is late.
            if (_looked.ElapsedMilliseconds > AwayMs)
                _well.Restart();
            _looked.Restart();
            foreach (var told in _drain())
                Look(told);
        }

        public void Dispose()
        {
            foreach (var proxy in _proxies)
                proxy.Dispose();
            foreach (var owned in _owned)
                owned.Dispose();
        }

        private void Look(JsonElement told)
        {
            Told++;
            var values = _hasNumbers ? told.GetProperty("values") : told;
            var speed = values.GetProperty("x.vel");
            var moves = speed.ValueKind == JsonValueKind.Number && speed.GetDouble() != 0;
            if (!_hasNumbers)
            {
                (IsMoving, IsStopped) = (moves, !moves);
                return;
            }

            var isStop = told.GetProperty("state").GetString() == "stop";
            (IsMoving, IsStopped) = (moves, isStop);
            var sequence = told.GetProperty("sequence").GetInt64();
            if (sequence == Vla.Runtime.Networks.Mqtt.MqttRobot.LastWillSequence)
                return;
            if (sequence <= _newest)
                Wrong.Add($"{sequence} after {_newest}");
            _newest = sequence;
            var publishedNs = told.GetProperty("published_ns").GetInt64();
            if (moves && publishedNs - _spokeNs > LongestSilenceMs * NsPerMs)
                Wrong.Add($"{sequence} moves a robot that was silent for {(publishedNs - _spokeNs) / NsPerMs} ms");
            if (_well.ElapsedMilliseconds < 1_000)
                return;
            var ageMs = (TimeProvider.System.NowNs() - publishedNs) / NsPerMs;
            OldestMs = Math.Max(OldestMs, ageMs);
            if (ageMs > NetworkSoakTests.OldestMs)
                Wrong.Add($"{sequence} came {ageMs} ms after it was published");
        }

        private int Behind(int port)
        {
            var proxy = new ChaosProxy(port);
            _proxies.Add(proxy);
            return proxy.Port;
        }

        private T Own<T>(T owned)
            where T : IDisposable
        {
            _owned.Add(owned);
            return owned;
        }

        private static string Write(string file, string more = "")
        {
            File.WriteAllText(
                file,
                """
                { "name": "soak", "limits": false, "dimensions": [
                    { "name": "arm", "unit": "rad", "hold": "keep", "start": 0 },
                    { "name": "x.vel", "unit": "m/s", "hold": "zero" } ]
                """
                    + more
                    + "}"
            );
            return file;
        }

        private void MakeWebSocket()
        {
            var peer = Own(new RobotPeer("""{"values": {"arm": 0.5}}"""));
            var port = Behind(peer.Port);
            _robot = file => $"ws://127.0.0.1:{port}?profile={Write(file)}&timeout=2000";
            _say = isBad => peer.Say(isBad ? "{\"values\": 7" : """{"values": {"arm": 0.5}}""");
            _drain = peer.Drain;
        }

        private void MakeBridge()
        {
            var joints = BridgePeer.Joints("""["arm"]""", "[0.5]");
            var peer = Own(new BridgePeer(told => told.GetProperty("op").GetString() == "subscribe" ? joints : null));
            var port = Behind(peer.Port);
            const string Ros = """
                , "ros": { "publish": [ { "topic": "/out", "type": "std_msgs/Float64MultiArray",
                  "values": ["arm", "x.vel"] } ], "state": [ { "topic": "/joint_states", "positions": ["arm"] } ] }
                """;
            _robot = file => $"ros://127.0.0.1:{port}?profile={Write(file, Ros)}&timeout=2000";
            _say = isBad => peer.Say(isBad ? BridgePeer.Joints("""["arm"]""", "[null]") : joints);
            _drain = peer.DrainActions;
        }

        private void MakeBroker()
        {
            var peer = Own(new BrokerPeer(FreePort.Find()));
            var port = Behind(peer.Port);
            _robot = file => $"mqtt://127.0.0.1:{port}/arm?profile={Write(file)}&timeout=2000";
            _say = isBad => peer.SayAsync(isBad ? "{}" : """{"values": {"arm": 0.5}}""").Wait();
            _drain = peer.Drain;
        }

        private void MakeKiwi()
        {
            var peer = Own(new KiwiPeer(isNew: true));
            var (commands, states) = (Behind(peer.CommandPort), Behind(peer.StatePort));
            _hasNumbers = false;
            _robot = _ => $"lekiwi://127.0.0.1:{commands}?states={states}&timeout=2000";
            _say = isBad =>
            {
                if (isBad)
                    peer.Says =
                    [
                        [1, 2, 3],
                    ];
                else if (!ReferenceEquals(peer.Says, _kiwi))
                    peer.Says = _kiwi;
            };
            _drain = peer.Drain;
        }

        private readonly byte[][] _kiwi = KiwiPeer.Observation(isNew: true, 0);
    }
}
