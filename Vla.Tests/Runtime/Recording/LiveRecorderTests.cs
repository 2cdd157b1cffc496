using OpenCvSharp;
using Vla.Actors.Pipeline;
using Vla.Actors.Robots;
using Vla.Runtime.Recording;
using Vla.Sensors;
using Vla.Sensors.Cameras;
using Vla.Sensors.Datasets;

namespace Vla.Tests.Runtime.Recording;

/// <summary>A recorder with a camera and a robot's state that are made up, told actions at made-up times.</summary>
public sealed class LiveRecorderTests : IDisposable
{
    private const int Fps = 4;

    private readonly TemporaryDirectory _directory = new();
    private LiveScene _scene = new(new Instruction(1, "first", 0));
    private bool _hasPicture = true;
    private Size _size = new(32, 16);
    private int _frame;
    private readonly SaidLines _said = new();

    private string Root => _directory.File("run");

    private RecordingTarget Target =>
        new(
            Root,
            Fps,
            "arm",
            [
                DatasetFeature.Camera(DatasetFeature.FrontCamera, 32, 16),
                DatasetFeature.Floats(DatasetFeature.State, ["jaw"]),
                DatasetFeature.Floats(DatasetFeature.Action, ["x", "y"]),
            ]
        );

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Records_an_episode_for_each_instruction_with_picture_state_and_what_was_published()
    {
        var report = Run(recorder =>
        {
            Apply(recorder, 3);
            Say(2, "second");
            Apply(recorder, 2);
        });

        Assert.Equal(new RecordingReport(Root, 2, 5, 0, null), report);
        using var dataset = LeRobotDataset.Open(Root);
        Assert.Equal("arm", dataset.Info.RobotType);
        Assert.Equal(
            [
                ["first"],
                ["second"],
            ],
            dataset.Episodes.Select(episode => episode.Tasks)
        );
        Assert.Equal([3, 2], dataset.Episodes.Select(episode => episode.Length));
        var frames = dataset.Read(dataset.Episodes[1]);
        Assert.Equal([3f, -3f, 4f, -4f], frames.Floats(DatasetFeature.Action).ToArray());
        Assert.Equal([30f, 40f], frames.Floats(DatasetFeature.State).ToArray());
        var brightness = new List<double>();
        dataset.ReadPictures(
            dataset.Episodes[1],
            DatasetFeature.FrontCamera,
            (_, picture) => brightness.Add(Cv2.Mean(picture).Val0)
        );
        Assert.Equal([60, 80], brightness, (a, b) => Math.Abs(a - b) < 8);
    }

    [Fact]
    public void Each_camera_has_a_video_of_its_own_and_the_state_is_that_of_the_oldest_picture()
    {
        var target = new RecordingTarget(
            Root,
            Fps,
            "arm",
            [
                DatasetFeature.Camera("observation.images.front", 32, 16),
                DatasetFeature.Camera("observation.images.wrist", 16, 16),
                DatasetFeature.Floats(DatasetFeature.State, ["jaw"]),
                DatasetFeature.Floats(DatasetFeature.Action, ["x", "y"]),
            ]
        );
        var saver = new EpisodeSaver(target);
        saver.Start();
        using (
            var recorder = new LiveRecorder(
                new EpisodeCutter(Fps, Fps),
                saver,
                [TryTake, TryTakeWrist],
                () => _scene,
                new Jaw()
            )
        )
            Apply(recorder, 3);
        saver.Dispose();

        using var dataset = LeRobotDataset.Open(Root);
        Assert.Equal(
            ["observation.images.front", "observation.images.wrist"],
            dataset.Info.Cameras.Select(camera => camera.Name)
        );
        var episode = dataset.Episodes.Single();
        Assert.Equal([0f, 5f, 15f], dataset.Read(episode).Floats(DatasetFeature.State).ToArray());
        var brightness = new List<double>();
        dataset.ReadPictures(
            episode,
            "observation.images.wrist",
            (_, picture) => brightness.Add(Cv2.Mean(picture).Val0)
        );
        Assert.Equal([200, 200, 200], brightness, (a, b) => Math.Abs(a - b) < 8);

        // A little older than the front's, but for the first.
        bool TryTakeWrist(Mat into, out PictureStamp stamp)
        {
            stamp = new PictureStamp(_frame, Math.Max(0, 10 * (_frame - 1) - 5));
            using var picture = new Mat(16, 16, MatType.CV_8UC3, Scalar.All(200));
            picture.CopyTo(into);
            return true;
        }
    }

    [Fact]
    public void A_recording_that_fits_is_continued_and_one_that_does_not_is_refused()
    {
        Run(recorder => Apply(recorder, 3));
        Run(recorder => Apply(recorder, 4));

        using (var dataset = LeRobotDataset.Open(Root))
            Assert.Equal([3, 4], dataset.Episodes.Select(episode => episode.Length));
        Assert.Contains("4 frames a second, this recording 5", Refusal(Target with { Fps = 5 }));
        Assert.Contains(
            "action (2 numbers: a b)",
            Refusal(
                Target with
                {
                    Features = [.. Target.Features.Take(2), DatasetFeature.Floats(DatasetFeature.Action, ["a", "b"])],
                }
            )
        );
    }

    [Fact]
    public void When_the_queue_is_full_frames_are_dropped_and_counted_and_nobody_waits()
    {
        // Nothing is taken out of the queue before the recorder has ended.
        var report = Run(recorder => Apply(recorder, 7), capacity: 3, startsLate: true);

        Assert.Equal(new RecordingReport(Root, 1, 3, 4, null), report);
    }

    [Fact]
    public void Frames_without_a_picture_and_of_another_size_are_dropped_and_counted()
    {
        var report = Run(recorder =>
        {
            Apply(recorder, 2);
            _hasPicture = false;
            Apply(recorder, 3);
            (_hasPicture, _size) = (true, new Size(16, 16));
            Apply(recorder, 1);
            _size = new Size(32, 16);
            Apply(recorder, 2);
        });

        Assert.Equal((1, 4, 4), (report.Episodes, report.Frames, report.Dropped));
    }

    [Fact]
    public void What_is_shorter_than_half_a_second_is_not_kept()
    {
        var report = Run(recorder =>
        {
            Apply(recorder, 1);
            Say(2, "second");
            Apply(recorder, 3);
        });

        Assert.Equal((1, 3, 0, 1), (report.Episodes, report.Frames, report.Dropped, report.TooShort));
        Assert.Equal(
            [
                "an episode of 0.25 s is not kept, 0.5 s are the least: first",
                $"1 episodes with 3 frames were recorded to {Root}",
            ],
            _said.Lines.Where(line => !line.StartsWith("recorded episode", StringComparison.Ordinal))
        );
    }

    [Fact]
    public void What_the_simulated_worlds_judge_has_ended_is_whole_however_short()
    {
        var report = Run(recorder =>
        {
            Apply(recorder, 1);
            _scene = _scene with { IsDecided = true };
            Apply(recorder, 2);
        });

        Assert.Equal((1, 1, 0), (report.Episodes, report.Frames, report.TooShort));
        using var dataset = LeRobotDataset.Open(Root);
        dataset.ReadPictures(
            dataset.Episodes.Single(),
            DatasetFeature.FrontCamera,
            (_, picture) => Assert.Equal(_size, picture.Size())
        );
    }

    [Fact]
    public void A_recording_that_ends_with_nothing_saved_says_why()
    {
        Run(recorder => Apply(recorder, 1));
        Assert.Equal("no episode was as long as 0.5 s", WhyNothing());

        _hasPicture = false;
        Run(recorder => Apply(recorder, 3));
        Assert.Equal("every frame was dropped", WhyNothing());

        _scene = default;
        Run(recorder => recorder.Apply(Action(0, ControlState.Hold, "no instruction yet")));
        Assert.Equal("there was no instruction", WhyNothing());

        Say(1, "first");
        Run(recorder => recorder.Apply(Action(1, ControlState.Hold, "the camera is silent")));
        Assert.Equal("the camera is silent", WhyNothing());

        Run(_ => { });
        Assert.Equal("there was no action", WhyNothing());
    }

    [Fact]
    public void A_run_that_ends_before_its_first_action_says_that_nothing_was_recorded_and_says_it_once()
    {
        using var saver = new EpisodeSaver(Target) { Logger = _said };

        Assert.True(saver.WaitSaved(TimeSpan.Zero));
        Assert.True(saver.WaitSaved(TimeSpan.Zero));

        Assert.Equal("the run ended before its first action", WhyNothing());
        Assert.Single(_said.Lines);
    }

    [Fact]
    public void An_episode_that_cannot_be_saved_is_given_up_and_said_and_the_next_one_is_saved()
    {
        var saver = new EpisodeSaver(Target);
        using (var recorder = Recorder(saver))
        {
            Apply(recorder, 3);
            Say(2, "second");
            Apply(recorder, 3);
        }

        // A folder where the first episode's data shall go.
        var blocked = Directory.CreateDirectory(Path.Combine(Root, "data", "chunk-000", "file-000.parquet"));
        saver.Logger = new Unblocking(blocked);
        saver.Start();
        saver.Dispose();

        var report = saver.Read();
        Assert.Equal((1, 3, 3), (report.Episodes, report.Frames, report.Dropped));
        using var dataset = LeRobotDataset.Open(Root);
        Assert.Equal(["second"], dataset.Episodes.Single().Tasks);
        Assert.Equal([3f, -3f], dataset.Read(dataset.Episodes[0]).Floats(DatasetFeature.Action)[..2].ToArray());
    }

    [Fact]
    public void Where_nothing_can_be_recorded_it_is_said_at_the_start()
    {
        File.WriteAllText(Root, "");

        Assert.Contains("is a file", Refusal(Target));
    }

    private static string Refusal(RecordingTarget target)
    {
        var exception = Assert.Throws<DatasetException>(() => new EpisodeSaver(target));
        Assert.DoesNotContain('\n', exception.Message);
        return exception.Message;
    }

    private RecordingReport Run(Action<IActionOutput> work, int? capacity = null, bool startsLate = false)
    {
        var saver = new EpisodeSaver(Target, capacity) { Logger = _said };
        if (!startsLate)
            saver.Start();
        using (var recorder = Recorder(saver))
            work(recorder);
        if (startsLate)
            saver.Start();
        saver.Dispose();
        return saver.Read();
    }

    private LiveRecorder Recorder(EpisodeSaver saver) =>
        new(new EpisodeCutter(Fps, Fps), saver, [TryTake], () => _scene, new Jaw());

    private void Say(long number, string text) => _scene = new LiveScene(new Instruction(number, text, 0));

    private void Apply(IActionOutput recorder, int count)
    {
        for (var i = 0; i < count; i++)
        {
            recorder.Apply(Action(_scene.Instruction!.Number));
        }
    }

    private PublishedAction Action(long instruction, ControlState state = ControlState.Policy, string reason = "") =>
        new()
        {
            Sequence = _frame + 1,
            State = state,
            Reason = reason,
            Values = [_frame, -_frame],
            Clamped = 0,
            Origin = new Origin { InstructionNumber = instruction, Instruction = "" },
            PublishedNs = _frame++ * MonotonicTime.NsPerSecond / Fps,
        };

    /// <summary>What the last recording said of having nothing.</summary>
    private string WhyNothing() => _said.Lines[^1].Split($"nothing was recorded to {Root}: ")[1];

    private bool TryTake(Mat into, out PictureStamp stamp)
    {
        stamp = new PictureStamp(_frame, 10 * (_frame - 1));
        if (!_hasPicture)
            return false;
        using var picture = new Mat(_size, MatType.CV_8UC3, Scalar.All(20 * (_frame - 1)));
        picture.CopyTo(into);
        return true;
    }

    private sealed class Jaw : IRobotState
    {
        public bool TryRead(long atNs, Span<float> values, out long readNs)
        {
            readNs = atNs;
            values[0] = atNs;
            return true;
        }
    }

    private sealed class SaidLines : Microsoft.Extensions.Logging.ILogger
    {
        public List<string> Lines { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(Microsoft.Extensions.Logging.LogLevel logLevel) => true;

        public void Log<TState>(
            Microsoft.Extensions.Logging.LogLevel logLevel,
            Microsoft.Extensions.Logging.EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter
        ) => Lines.Add(formatter(state, exception));
    }

    /// <summary>Makes way once the failure was said.</summary>
    private sealed class Unblocking(DirectoryInfo blocked) : Microsoft.Extensions.Logging.ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(Microsoft.Extensions.Logging.LogLevel logLevel) => true;

        public void Log<TState>(
            Microsoft.Extensions.Logging.LogLevel logLevel,
            Microsoft.Extensions.Logging.EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter
        )
        {
            if (logLevel == Microsoft.Extensions.Logging.LogLevel.Error && Directory.Exists(blocked.FullName))
                blocked.Delete(recursive: true);
        }
    }
}
