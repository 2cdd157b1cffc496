using Vla.Sensors;
using Vla.Sensors.Cameras;
using Vla.Sensors.Images;
using Vla.Sensors.Observations;

namespace Vla.Tests.Sensors.Observations;

/// <summary>Cameras that show pictures when the test says so; times in milliseconds.</summary>
public sealed class ObservationAssemblyTests
{
    private static readonly ImageSpec Image = new(2, 2, [0, 0, 0], [1, 1, 1]);

    private readonly List<(string Asker, Observation Given)> _given = [];

    [Fact]
    public void A_picture_that_is_waited_for_goes_out_as_soon_as_it_is_there()
    {
        var one = Set(["front"]);
        one.Want("encoder");
        Assert.Empty(_given);

        one.Show(0, atMs: 10);

        var (asker, observation) = Assert.Single(_given);
        Assert.Equal(("encoder", 10 * MonotonicTime.NsPerMs), (asker, observation.CapturedNs));
    }

    [Fact]
    public void Each_demand_brings_one_observation_of_the_newest_picture()
    {
        var one = Set(["front"]);
        one.Show(0, atMs: 10);
        one.Show(0, atMs: 20);

        one.Want("encoder");
        one.Show(0, atMs: 30);

        Assert.Equal(20, AtMs(Assert.Single(_given).Given));
        Assert.Equal(2, one.Cells[0].Pool.Lent);
    }

    [Fact]
    public void Whoever_asked_last_is_answered()
    {
        var one = Set(["front"]);
        one.Want("first");
        one.Want("second");

        one.Show(0, atMs: 10);

        Assert.Equal("second", Assert.Single(_given).Asker);
    }

    [Fact]
    public void A_set_is_the_newest_picture_of_every_camera_and_goes_out_with_the_last_of_them()
    {
        var two = Set(["front", "wrist"]);
        two.Want("encoder");
        two.Show(0, atMs: 10);
        two.Show(0, atMs: 40);
        Assert.Empty(_given);

        two.Show(1, atMs: 45);

        var observation = Assert.Single(_given).Given;
        Assert.Equal(["front", "wrist"], observation.Names);
        Assert.Equal(
            (40, 45),
            (Ms(observation[0].CapturedNs), Ms(observation[observation.PlaceOf("wrist")].CapturedNs))
        );
        Assert.Equal(40, AtMs(observation));
        Assert.Equal(1, two.Cells[0].Replaced);
    }

    [Fact]
    public void A_picture_is_used_once()
    {
        var two = Set(["front", "wrist"]);
        two.Show(0, atMs: 10);
        two.Show(1, atMs: 10);
        two.Want("encoder");
        two.Want("encoder");

        two.Show(0, atMs: 40);
        Assert.Single(_given);
        two.Show(1, atMs: 41);

        Assert.Equal(2, _given.Count);
    }

    [Fact]
    public void A_picture_older_than_the_newest_by_more_than_the_skew_waits_for_a_newer_one_and_it_is_said_which()
    {
        var two = Set(["front", "wrist"]);
        two.Want("encoder");
        two.Show(1, atMs: 100);
        two.Show(0, atMs: 151);
        Assert.Empty(_given);
        Assert.Equal(new SkewedSet(1, "front", 51 * MonotonicTime.NsPerMs, 151 * MonotonicTime.NsPerMs), two.Behind);

        two.Show(1, atMs: 101);

        Assert.Equal((101, 151), (Ms(_given[0].Given[1].CapturedNs), Ms(_given[0].Given[0].CapturedNs)));
        Assert.Null(two.Behind);
    }

    [Fact]
    public void Two_slow_cameras_that_are_never_of_one_moment_keep_the_first_that_was_behind()
    {
        var two = Set(["front", "wrist"]);
        two.Want("encoder");
        two.Show(1, atMs: 100);
        two.Show(0, atMs: 200);
        var said = two.Behind;

        two.Show(1, atMs: 300);
        two.Show(0, atMs: 400);

        Assert.Empty(_given);
        Assert.Same(said, two.Behind);
    }

    [Fact]
    public void While_nobody_asks_nobody_is_behind()
    {
        var two = Set(["front", "wrist"]);
        two.Show(1, atMs: 100);
        two.Show(0, atMs: 500);

        Assert.Null(two.Behind);
    }

    [Fact]
    public void An_observation_that_was_not_used_yet_is_exchanged_as_a_whole_or_not_at_all()
    {
        var two = Set(["front", "wrist"]);
        two.Want("encoder");
        two.Show(0, atMs: 10);
        two.Show(1, atMs: 10);
        var held = _given[0].Given;

        two.Show(0, atMs: 40);
        Assert.False(two.Exchange(held));
        Assert.Equal(10, AtMs(held));
        two.Show(1, atMs: 41);

        Assert.True(two.Exchange(held));
        Assert.Equal((40, 41), (Ms(held[0].CapturedNs), Ms(held[1].CapturedNs)));
        Assert.Equal((1, 1), (two.Cells[0].Pool.Lent, two.Cells[1].Pool.Lent));
        Assert.Equal((1, 1), (two.Cells[0].Replaced, two.Cells[1].Replaced));
    }

    [Fact]
    public void What_a_lost_camera_left_is_not_put_beside_newer_pictures()
    {
        var two = Set(["front", "wrist"]);
        two.Want("encoder");
        two.Show(0, atMs: 10);

        two.Lose(0);
        two.Show(1, atMs: 20);

        Assert.Empty(_given);
        Assert.Equal(0, two.Cells[0].Pool.Lent);
    }

    [Fact]
    public void State_and_words_are_added_to_every_set_also_to_an_exchanged_one()
    {
        var completed = new List<long>();
        var one = Set(["front"], complete: observation => completed.Add(Ms(observation.CapturedNs)));
        one.Want("encoder");
        one.Show(0, atMs: 10);
        one.Show(0, atMs: 40);

        one.Exchange(_given[0].Given);

        Assert.Equal([10, 40], completed);
    }

    [Fact]
    public void A_disposed_observation_gives_its_frames_back_once_and_is_used_again()
    {
        var one = Set(["front"]);
        one.Want("encoder");
        one.Show(0, atMs: 10);
        var first = _given[0].Given;
        (first.Instruction, first.InstructionNumber) = ("go", 3);

        first.Dispose();
        first.Dispose();
        one.Want("encoder");
        one.Show(0, atMs: 20);

        Assert.Same(first, _given[1].Given);
        Assert.Equal(("", 0), (first.Instruction, first.InstructionNumber));
        Assert.Equal(1, one.Cells[0].Pool.Lent);
    }

    private static long Ms(long ns) => ns / MonotonicTime.NsPerMs;

    private static long AtMs(Observation observation) => Ms(observation.CapturedNs);

    private Rig Set(string[] names, long skewMs = 50, Action<Observation>? complete = null) =>
        new(
            new ObservationAssembly<string>(
                names,
                skewMs * MonotonicTime.NsPerMs,
                (asker, observation) => _given.Add((asker, observation)),
                complete
            )
        );

    private sealed class Rig
    {
        private readonly ObservationAssembly<string> _assembly;

        public Rig(ObservationAssembly<string> assembly)
        {
            _assembly = assembly;
            Cells = [.. assembly.Places.Select(_ => new Cell())];
            foreach (var (place, cell) in assembly.Places.Zip(Cells))
                place.Use(cell);
        }

        public IReadOnlyList<Cell> Cells { get; }

        public SkewedSet? Behind => _assembly.Behind;

        public void Want(string asker) => _assembly.Want(asker);

        public bool Exchange(Observation held) => _assembly.Exchange(held);

        public void Show(int camera, long atMs)
        {
            Cells[camera].Put(atMs * MonotonicTime.NsPerMs);
            _assembly.Places[camera].Arrived();
        }

        public void Lose(int camera) => _assembly.Places[camera].Use(null);
    }

    private sealed class Cell : IFrameCell
    {
        private Frame? _newest;

        public FramePool Pool { get; } = new(Image);

        public int Replaced { get; private set; }

        public void Put(long atNs)
        {
            if (_newest is { } unseen)
                Replace(unseen);
            _newest = Pool.Rent();
            _newest.CapturedNs = _newest.PreparedNs = atNs;
        }

        public Frame? TakeNewest()
        {
            var newest = _newest;
            _newest = null;
            return newest;
        }

        public void Replace(Frame unseen)
        {
            unseen.Dispose();
            Replaced++;
        }
    }
}
