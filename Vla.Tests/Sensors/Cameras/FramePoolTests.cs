using Vla.Sensors.Cameras;
using Vla.Sensors.Images;

namespace Vla.Tests.Sensors.Cameras;

public sealed class FramePoolTests
{
    private readonly FramePool _pool = new(new ImageSpec(4, 5, [0, 0, 0], [1, 1, 1]));

    [Fact]
    public void Lends_the_frame_first_that_was_given_back_last()
    {
        var (first, second) = (_pool.Rent(), _pool.Rent());

        first.Dispose();
        second.Dispose();

        Assert.Same(second, _pool.Rent());
        Assert.Same(first, _pool.Rent());
    }

    [Fact]
    public void Knows_all_frames_from_the_beginning_and_makes_more_only_when_all_are_lent()
    {
        var usual = _pool.All;

        var lent = usual.Select(_ => _pool.Rent()).ToList();
        Assert.Equal(usual, _pool.All);

        var more = _pool.Rent();
        Assert.Equal([.. usual, more], _pool.All);
        Assert.Equal(lent.Count + 1, _pool.Lent);
    }

    [Fact]
    public void A_frame_given_back_twice_counts_once()
    {
        var frame = _pool.Rent();

        frame.Dispose();
        frame.Dispose();

        Assert.Equal(0, _pool.Lent);
        Assert.NotSame(_pool.Rent(), _pool.Rent());
    }
}
