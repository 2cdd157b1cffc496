using OpenCvSharp;
using Vla.Sensors.Cameras;
using Vla.Sensors.Cameras.Streams;

namespace Vla.Tests.Sensors.Cameras.Streams;

public sealed class StreamCameraTests
{
    [Fact]
    public void The_first_picture_tells_the_size_and_is_given_out_while_it_is_the_newest()
    {
        using var camera = new FakeStream();
        camera.Put(7);
        camera.Open();

        Assert.Equal((8, 6), (camera.Description.Width, camera.Description.Height));
        Assert.Equal(7, camera.Next());
    }

    [Fact]
    public void The_newest_picture_is_read_and_those_before_it_count_as_overtaken()
    {
        using var camera = new FakeStream();
        camera.Put(1);
        camera.Open();
        for (var n = 2; n <= 5; n++)
            camera.Put(n);

        Assert.Equal(5, camera.Next());
        Assert.Equal(new LeftOut(4, 0, 0, null), camera.LeftOut);
        camera.Put(6);
        Assert.Equal(6, camera.Next());
        Assert.Equal(4, camera.LeftOut.Total);
    }

    [Fact]
    public async Task What_is_damaged_or_of_another_size_is_left_out_counted_and_named()
    {
        using var camera = new FakeStream();
        camera.Put(1);
        camera.Open();
        camera.Next();

        var reading = Task.Run(camera.Next);
        camera.PutAndWait(FakeStream.Damaged);
        camera.PutAndWait(FakeStream.Small);
        camera.Put(2);

        Assert.Equal(2, await reading);
        Assert.Equal(new LeftOut(0, 1, 1, "a picture of 4x3 instead of 8x6"), camera.LeftOut);
    }

    [Fact]
    public void A_picture_that_the_reader_found_broken_counts_as_damaged()
    {
        using var camera = new FakeStream();
        camera.Put(1);
        camera.Open();
        camera.Next();
        camera.Break();
        camera.Put(2);

        Assert.Equal(2, camera.Next());
        Assert.Equal(new LeftOut(0, 1, 0, "it broke off"), camera.LeftOut);
    }

    [Fact]
    public async Task A_camera_that_sends_nothing_of_use_any_more_is_lost()
    {
        using var camera = new FakeStream();
        camera.Put(1);
        camera.Open();
        camera.Next();
        var reading = Task.Run(() => Assert.Throws<CameraLostException>(() => camera.Next()));
        for (var n = 0; n < 30; n++)
            camera.PutAndWait(FakeStream.Damaged);

        Assert.Contains(
            "sends only pictures that are of no use: a picture that is damaged",
            (await reading).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Whatever_the_reader_throws_is_the_reason_that_the_camera_ends_for()
    {
        using var camera = new FakeStream();
        camera.Put(1);
        camera.Open();
        camera.Next();
        camera.Fail(new InvalidOperationException("out of tape"));

        Assert.Equal("out of tape", Assert.Throws<CameraLostException>(() => camera.Next()).Message);
    }

    /// <summary>Pictures of one byte, whose value says what becomes of them.</summary>
    private sealed class FakeStream() : StreamCamera("fake", TimeProvider.System)
    {
        public const byte Damaged = 200;
        public const byte Small = 201;

        private readonly TaskCompletionSource _end = new();
        private byte _decoded;

        public void Open() => Begin();

        public void Put(int value)
        {
            var picture = Inbox.Rent();
            picture.Write(1)[0] = (byte)value;
            Inbox.Put(picture);
        }

        /// <summary>So that the next one is not put in its place.</summary>
        public void PutAndWait(int value)
        {
            Put(value);
            Assert.True(
                SpinWait.SpinUntil(() => !Inbox.HasPicture, TimeSpan.FromSeconds(20)),
                "nobody took the picture"
            );
        }

        public void Break() => Inbox.PassOver("it broke off");

        public void Fail(Exception exception) => _end.SetException(exception);

        public int Next()
        {
            using var picture = new Mat();
            Read(picture);
            return picture.At<byte>(0, 0);
        }

        protected override void Receive() => _end.Task.GetAwaiter().GetResult();

        protected override CameraException Reason(Exception exception) => new CameraLostException(exception.Message);

        protected override void Close() => _end.TrySetResult();

        protected override (int Width, int Height) SizeOf(ReceivedPicture received) =>
            received.Bytes[0] == Small ? (4, 3) : (8, 6);

        protected override string? Decode(ReceivedPicture received, Mat picture)
        {
            _decoded = received.Bytes[0];
            if (_decoded == Damaged)
                return "is damaged";
            picture.Create(6, 8, MatType.CV_8UC3);
            picture.SetTo(Scalar.All(_decoded));
            return null;
        }
    }
}
