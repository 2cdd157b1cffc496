using System.Diagnostics;
using System.Globalization;
using Vla.Actors.Policies;
using Vla.Actors.Policies.Remote;
using Vla.Runtime.Bench;
using Vla.Sensors;
using Vla.Sensors.Cameras;
using Vla.Sensors.Observations;
using static TorchSharp.torch;

namespace Vla.Runtime.Serving.Measuring;

/// <summary>
/// What Vla adds to a wire, as server and as client, and how many requests a second several clients of a policy get,
/// computed together and each by itself.
/// </summary>
/// <remarks>
/// All by turns, so that what the machine does besides falls on both: the same bytes to a server that answers the same
/// whatever comes, and to one with a policy that has its answer ready.
/// </remarks>
/// <param name="policy">What several clients ask.</param>
/// <param name="device">Where it computes.</param>
/// <param name="output">Is told the figures.</param>
/// <param name="cancellation">Ends it.</param>
internal sealed class ServingBench(IPolicy policy, Device device, TextWriter output, CancellationToken cancellation)
{
    private const string Words = "pick up the red block";
    private const int WarmUps = 200;
    private const int InATurn = 50;
    private static readonly string[] Protocols = ["openpi", "openvla", "gr00t"];
    private static readonly int[] Clients = [1, 4, 8];

    /// <param name="exchanges">Of each kind.</param>
    /// <param name="seconds">For each number of clients, both ways together.</param>
    /// <exception cref="BenchException">It was ended.</exception>
    public async Task RunAsync(int exchanges, double seconds)
    {
        Say($"{exchanges} exchanges of a 224x224 picture each, by turns; milliseconds at 50 % and 99 %");
        Say($"{"", -10}{"the wire", 16}{"Vla serves", 16}{"added", 16}{"Vla asks", 16}{"added", 16}");
        foreach (var protocol in Protocols)
            await AddedAsync(protocol, exchanges);
        Say($"{policy.Directory} on {device}: requests a second of all clients, by turns, and processor time for each");
        Say($"{"clients", -10}{"each by itself", 24}{"together", 24}");
        foreach (var clients in Clients)
            await TogetherAsync(clients, seconds);
    }

    private async Task AddedAsync(string protocol, int exchanges)
    {
        // OpenVLA's clients send none.
        var instant = new InstantPolicy(takesState: protocol != "openvla");
        await using var server = Server(protocol, instant, clients: 4, batch: 1);
        await server.StartAsync();
        using var seen = Picture(instant);
        var question = Load(protocol, server.Address.Port, instant).Request().Write(seen, Words).ToArray();
        using var served = Exchange.Raw(protocol, server.Address.Port, question);
        var answer = served.Ask().ToArray();
        await using var replay = await ReplayServer.StartAsync(protocol, served.Greeting, answer);
        using var wire = Exchange.Raw(protocol, replay.Port, question);
        using var asks = Exchange.Of(Load(protocol, replay.Port, instant), seen, Words);
        var figures = await Task.Factory.StartNew(
            () => ByTurns(exchanges, wire, served, asks),
            cancellation,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default
        );
        var (plain, serving, asking) = (figures[0], figures[1], figures[2]);
        Say($"{protocol, -10}{Pair(plain)}{Pair(serving)}{Added(serving, plain)}{Pair(asking)}{Added(asking, plain)}");
    }

    private List<Samples> ByTurns(int exchanges, params Exchange[] kinds)
    {
        var taken = kinds.Select(_ => new List<long>(exchanges)).ToArray();
        foreach (var kind in kinds)
        {
            for (var i = 0; i < WarmUps; i++)
                kind.Ask();
        }

        while (taken[^1].Count < exchanges)
        {
            if (cancellation.IsCancellationRequested)
                throw new BenchException("stopped before the end: there are no figures");
            foreach (var (kind, times) in kinds.Zip(taken))
            {
                for (var i = 0; i < InATurn; i++)
                {
                    var began = TimeProvider.System.NowNs();
                    kind.Ask();
                    times.Add(TimeProvider.System.NowNs() - began);
                }
            }
        }

        return [.. taken.Select(times => new Samples(times))];
    }

    private async Task TogetherAsync(int clients, double seconds)
    {
        await using var alone = Server("openpi", policy, clients, batch: 1);
        await using var together = Server("openpi", policy, clients, batch: Math.Max(clients, 2));
        await alone.StartAsync();
        await together.StartAsync();
        using var seen = Picture(policy);
        var (one, all) = (new Rate(), new Rate());
        const int turns = 4;
        for (var turn = 0; turn < turns; turn++)
        {
            await AskAsync(alone, one);
            await AskAsync(together, all);
        }

        var isTogether = together.LargestBatch > 1;
        Say($"{clients, -10}{one, 24}{(isTogether ? $"{all}" : "it cannot"), 24}");

        async Task AskAsync(PolicyServer server, Rate rate)
        {
            var question = Load("openpi", server.Address.Port, policy).Request().Write(seen, Words).ToArray();
            var asking = Enumerable
                .Range(0, clients)
                .Select(_ => Exchange.Raw("openpi", server.Address.Port, question))
                .ToArray();
            try
            {
                foreach (var client in asking)
                    client.Ask();
                var (watch, busy) = (Stopwatch.StartNew(), Environment.CpuUsage.TotalTime);
                var counts = await Task.WhenAll(
                    asking.Select(client =>
                        Task.Factory.StartNew(
                            () => Count(client, seconds / turns / 2),
                            cancellation,
                            TaskCreationOptions.LongRunning,
                            TaskScheduler.Default
                        )
                    )
                );
                rate.Add(counts.Sum(), watch.Elapsed, Environment.CpuUsage.TotalTime - busy);
            }
            finally
            {
                foreach (var client in asking)
                    client.Dispose();
            }
        }
    }

    private int Count(Exchange client, double seconds)
    {
        var (watch, count) = (Stopwatch.StartNew(), 0);
        while (watch.Elapsed.TotalSeconds < seconds)
        {
            cancellation.ThrowIfCancellationRequested();
            client.Ask();
            count++;
        }

        return count;
    }

    private PolicyServer Server(string protocol, IPolicy served, int clients, int batch)
    {
        var known = ServedProtocol.Find(protocol)!;
        return new PolicyServer(
            new PolicyServerOptions
            {
                Policy = served,
                Device = device,
                Places = [new ServedPlace(known, new Uri("http://127.0.0.1:0"), known.LayoutOf(served))],
                // One more, for who asks what is served.
                MostClients = clients + 1,
                LargestBatch = batch,
                Limits = new SessionLimits { RequestsPerSecond = 1e6 },
            }
        );
    }

    private static RemotePolicy Load(string protocol, int port, IPolicy served)
    {
        var scheme = WireProtocol.All.Single(one => one.Name == protocol).Scheme;
        var address = FormattableString.Invariant($"{scheme}://127.0.0.1:{port}?trial=off");
        return (RemotePolicy)
            RemotePolicy
                .Load(WireAddress.Parse(address))
                .Driving(
                    new RobotNaming
                    {
                        Who = "the bench",
                        ActionNames = served.Action.Names,
                        ActionUnits = served.Action.Units,
                        StateNames = served.State.Names,
                        StateUnits = served.State.Units,
                        StepMs = served.Action.StepMs,
                    }
                );
    }

    private static Observation Picture(IPolicy wants)
    {
        string[] names = [.. wants.Pictures ?? ["image"]];
        var random = new Random(1);
        return new Observation(
            names,
            [
                .. names.Select(name =>
                {
                    var spec = wants.ImageOf(name);
                    var frame = new FramePool(new(spec.Height, spec.Width, [0, 0, 0], [1, 1, 1])).Rent();
                    for (var i = 0; i < frame.Pixels.Length; i++)
                        frame.Pixels[i] = random.NextSingle();
                    (frame.Sequence, frame.CapturedNs, frame.PreparedNs) = (1, 1, 1);
                    return frame;
                }),
            ]
        )
        {
            State = new RobotReading(wants.State.Names, new float[wants.State.Dimensions], 1),
        };
    }

    private static string Pair(Samples samples) =>
        Text($"{Text($"{Ms(samples, 50):0.00} {Ms(samples, 99):0.00}"), 16}");

    private static string Added(Samples with, Samples without) =>
        Text($"{Text($"{Ms(with, 50) - Ms(without, 50):0.00} {Ms(with, 99) - Ms(without, 99):0.00}"), 16}");

    private static double Ms(Samples samples, double percent) =>
        samples.PercentileNs(percent) / (double)MonotonicTime.NsPerMs;

    private void Say(FormattableString line) => output.WriteLine(Text(line));

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private sealed class Rate
    {
        private int _count;
        private TimeSpan _took;
        private TimeSpan _busy;

        public void Add(int count, TimeSpan took, TimeSpan busy)
        {
            _count += count;
            _took += took;
            _busy += busy;
        }

        /// <summary>In words.</summary>
        public override string ToString() =>
            Text($"{_count / _took.TotalSeconds:0.0} ({_busy.TotalMilliseconds / Math.Max(1, _count):0.0} ms)");
    }
}
