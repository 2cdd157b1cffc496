using OpenCvSharp;
using Vla.Sensors.Cameras;

namespace Vla.Tests.Sensors.Cameras;

public sealed class RecentPicturesTests : IDisposable
{
    private readonly RecentPictures _pictures = new();
    private readonly Mat _copy = new();

    public void Dispose()
    {
        _pictures.Dispose();
        _copy.Dispose();
    }

    [Fact]
    public void Only_the_newest_is_kept_for_sure_where_nobody_asked_for_more()
    {
        Write(1, 2, 3, 4, 5);

        Assert.Equal(5, Newest());
        Assert.Equal(5, Copy(5));
        Assert.Null(Copy(1));
    }

    [Fact]
    public void As_many_as_were_asked_for_can_be_copied_by_their_numbers()
    {
        _pictures.Keep(4);
        Write(1, 2, 3, 4, 5, 6, 7, 8, 9);

        Assert.Equal([6, 7, 8, 9], new long[] { 6, 7, 8, 9 }.Select(Copy));
        Assert.Null(Copy(2));
        Assert.Null(Copy(10));
    }

    [Fact]
    public void Asking_for_fewer_afterwards_changes_nothing_and_memory_is_used_again()
    {
        _pictures.Keep(4);
        _pictures.Keep(2);
        Write([.. Enumerable.Range(1, 100)]);

        Assert.Equal([97, 98, 99, 100], new long[] { 97, 98, 99, 100 }.Select(Copy));
        Assert.Equal(6, _pictures.Count);
        // All but the one to write into.
        Assert.Equal(5, _pictures.AtRest);
    }

    [Fact]
    public async Task Whoever_copies_while_the_camera_goes_on_gets_whole_pictures_and_holds_nothing_back()
    {
        const int Pictures = 3_000;
        _pictures.Keep(3);
        Write(1);
        var newest = 1L;
        var copied = 0;
        using var began = new Barrier(3);
        var readers = Enumerable
            .Range(0, 2)
            .Select(reader =>
                Task.Factory.StartNew(
                    () =>
                    {
                        Assert.True(began.SignalAndWait(TimeSpan.FromSeconds(60)));
                        using var copy = new Mat();
                        while (Volatile.Read(ref newest) < Pictures)
                        {
                            var wanted = Interlocked.Read(ref newest);
                            var there =
                                reader == 0
                                    ? _pictures.TryCopy(copy, out var stamp)
                                    : _pictures.TryCopy(wanted, copy, out stamp);
                            if (!there)
                                continue;
                            Assert.True(reader == 0 || stamp.Sequence == wanted);
                            Cv2.MinMaxLoc(copy.Reshape(1), out double least, out double most);
                            Assert.Equal(Grey(stamp.Sequence), least);
                            Assert.Equal(Grey(stamp.Sequence), most);
                            Interlocked.Increment(ref copied);
                        }
                    },
                    TaskCreationOptions.LongRunning
                )
            )
            .ToArray();

        Assert.True(began.SignalAndWait(TimeSpan.FromSeconds(60)));
        for (var i = 2; i <= Pictures; i++)
        {
            Write(i);
            Volatile.Write(ref newest, i);
        }

        await Task.WhenAll(readers);
        Assert.Equal(_pictures.Count - 1, _pictures.AtRest);
        Assert.InRange(_pictures.Count, 3, 5);
    }

    [Fact]
    public void After_the_end_there_is_none()
    {
        _pictures.Keep(3);
        Write(1, 2);

        _pictures.Dispose();
        _pictures.Dispose();

        Assert.Null(Newest());
        Assert.Null(Copy(1));
    }

    private static int Grey(long number) => (int)(number % 251);

    private void Write(params int[] numbers)
    {
        foreach (var number in numbers)
        {
            _pictures.Next.Create(64, 64, MatType.CV_8UC3);
            _pictures.Next.SetTo(Scalar.All(Grey(number)));
            _pictures.Publish(new PictureStamp(number, number * 10));
        }
    }

    private long? Newest() => _pictures.TryCopy(_copy, out var stamp) ? Checked(stamp) : null;

    private long? Copy(long number) => _pictures.TryCopy(number, _copy, out var stamp) ? Checked(stamp) : null;

    private long Checked(PictureStamp stamp)
    {
        Assert.Equal(Grey(stamp.Sequence), _copy.Mean().Val0);
        Assert.Equal(stamp.Sequence * 10, stamp.CapturedNs);
        return stamp.Sequence;
    }
}
