using Vla.Runtime.Recording;

namespace Vla.Tests.Runtime.Recording;

public sealed class DroppedFramesTests
{
    private readonly DroppedFrames _dropped = new();

    [Fact]
    public void What_is_new_is_said_once_with_every_reason_and_its_count()
    {
        Assert.Null(_dropped.News());

        _dropped.Add(DropReason.TooSlow, 0);
        Assert.Null(_dropped.News());

        _dropped.Add(DropReason.TooSlow, 2);
        Assert.Equal("2 frames were not recorded: the disk or the encoder is too slow", _dropped.News());

        _dropped.Add(DropReason.NoPicture, 1);
        _dropped.Add(DropReason.TooSlow, 3);
        Assert.Equal(
            "4 frames were not recorded: 3: the disk or the encoder is too slow; 1: a picture was not there, or not "
                + "any more",
            _dropped.News()
        );
        Assert.Null(_dropped.News());
        Assert.Equal(6, _dropped.Total);
    }

    [Fact]
    public void Every_reason_has_its_words()
    {
        var said = Enum.GetValues<DropReason>()
            .Select(reason =>
            {
                _dropped.Add(reason, 1);
                return _dropped.News()!;
            })
            .ToList();

        Assert.Equal(said.Count, said.Distinct().Count());
    }
}
