using OpenCvSharp;
using Vla.Actors.Observers;
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
        var recorder = new LiveRecorder(
            new EpisodeCutter(Fps, Fps),
            saver,
            // A little older than the front's, but for the first.
            [new Camera(this), new Camera(this, "wrist", earlierNs: 5, grey: 200, size: new Size(16, 16))],
            () => _scene,
            new Jaw()
        );
        Apply(recorder, 3, "front", "wrist");
        recorder.Complete();
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
    }

    [Fact]
    public void An_action_of_the_moment_of_its_pictures_has_these_very_pictures_and_a_later_one_what_was_there()
    {
        Run(recorder =>
        {
            for (var picture = 1; picture <= 3; picture++)
                Take(recorder, picture);
            Publish(recorder, MadeOf(2, row: 0));
            Publish(recorder, MadeOf(2, row: 1));
            Take(recorder, 4);
            Publish(recorder, MadeOf(2, row: 2));
            Publish(recorder, MadeOf(2, row: 0, ControlState.Hold));
        });

        using var dataset = LeRobotDataset.Open(Root);
        var episode = dataset.Episodes.Single();
        // Picture number n was taken at 10 × (n - 1), and so is the state's number.
        Assert.Equal([10f, 20f, 30f, 30f], dataset.Read(episode).Floats(DatasetFeature.State).ToArray());
        var brightness = new List<double>();
        dataset.ReadPictures(
            episode,
            DatasetFeature.FrontCamera,
            (_, picture) => brightness.Add(Cv2.Mean(picture).Val0)
        );
        Assert.Equal([20, 40, 60, 60], brightness, (a, b) => Math.Abs(a - b) < 8);

        PublishedAction MadeOf(long picture, int row, ControlState state = ControlState.Policy) =>
            Action(1, state) with
            {
                Row = row,
                Origin = new Origin
                {
                    Words = new WordsInForce(1, ""),
                    Pictures = SeenPictures.Of(new SeenPicture("front", picture, 10 * (picture - 1))),
                },
            };
    }

    [Fact]
    public void Words_count_from_when_they_were_seen_between_the_actions()
    {
        var second = new Instruction(2, "second", 0);
        var report = Run(recorder =>
        {
            Apply(recorder, 2);
            // In force already when the recorder comes to look at the third action, which was published before.
            _scene = _scene with
            {
                Instruction = second,
            };
            recorder.Observe(new Sighting(Sightings.Instructions, 0, new Instruction(1, "first", 0)));
            Take(recorder, 3);
            Publish(recorder, Action(1));
            recorder.Observe(new Sighting(Sightings.Instructions, 0, second));
            Apply(recorder, 2);
        });

        Assert.Equal((2, 5, 0), (report.Episodes, report.Frames, report.Dropped));
        using var dataset = LeRobotDataset.Open(Root);
        Assert.Equal([3, 2], dataset.Episodes.Select(episode => episode.Length));
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
        Run(recorder => Publish(recorder, Action(0, ControlState.Hold, "no instruction yet")));
        Assert.Equal("there was no instruction", WhyNothing());

        Say(1, "first");
        Run(recorder => Publish(recorder, Action(1, ControlState.Hold, "the camera is silent")));
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
    public void A_recording_that_is_closed_before_it_began_says_that_nothing_was_recorded()
    {
        new EpisodeSaver(Target) { Logger = _said }.Dispose();

        Assert.Equal("the run ended before its first action", WhyNothing());
        Assert.Single(_said.Lines);
    }

    [Fact]
    public void An_episode_that_cannot_be_saved_is_given_up_and_said_and_the_next_one_is_saved()
    {
        var saver = new EpisodeSaver(Target);
        var recorder = Recorder(saver);
        Apply(recorder, 3);
        Say(2, "second");
        Apply(recorder, 3);
        recorder.Complete();

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

    [Fact]
    public void What_was_wanted_when_it_was_published_and_when_each_picture_was_taken_is_recorded_where_asked_for()
    {
        var target = Target with
        {
            Features =
            [
                .. Target.Features,
                DatasetFeature.Floats(RecordingTarget.Wanted, ["x", "y"]),
                DatasetFeature.Floats(RecordingTarget.Seconds, ["action", "front"]),
                new DatasetFeature(RecordingTarget.ByHand, FeatureType.Int64, [1]),
                new DatasetFeature(RecordingTarget.Success, FeatureType.Int64, [1]),
            ],
        };
        var settled = new List<(bool, string)>();
        var saver = new EpisodeSaver(target) { Settled = (isSaved, why) => settled.Add((isSaved, why)) };
        saver.Start();
        var recorder = new LiveRecorder(
            new EpisodeCutter(Fps, Fps),
            saver,
            [new Camera(this)],
            () => _scene,
            new Jaw()
        );
        for (var i = 0; i < 3; i++)
        {
            Take(recorder, i + 1);
            var action = Action(1);
            Publish(
                recorder,
                action with
                {
                    Wanted = ActionValues.Create([100 + i, 200 + i]),
                    Origin = action.Origin with { IsByHand = i == 1 },
                }
            );
        }

        saver.EndEpisode(EpisodeEnd.Kept, isSuccess: true);
        saver.EndEpisode();
        recorder.Complete();
        saver.Dispose();

        Assert.Equal([(true, ""), (false, "it has no frames")], settled);
        using var dataset = LeRobotDataset.Open(Root);
        var frames = dataset.Read(dataset.Episodes.Single());
        Assert.Equal([100f, 200f, 101f, 201f, 102f, 202f], frames.Floats(RecordingTarget.Wanted).ToArray());
        var seconds = frames.Floats(RecordingTarget.Seconds).ToArray();
        Assert.Equal([0f, 0.25f, 0.5f], [seconds[0], seconds[2], seconds[4]]);
        Assert.Equal(20e-9f, seconds[5] - seconds[1], 1e-9f);
        Assert.Equal([0L, 1, 0], frames.Integers(RecordingTarget.ByHand).ToArray());
        Assert.Equal([1L, 1, 1], frames.Integers(RecordingTarget.Success).ToArray());
    }

    [Fact]
    public void An_episode_that_is_taken_back_is_gone_and_what_comes_after_it_is_whole()
    {
        var saver = new EpisodeSaver(Target);
        saver.Start();
        var recorder = Recorder(saver);
        Apply(recorder, 3);
        saver.EndEpisode();
        Apply(recorder, 4);
        saver.EndEpisode();
        saver.EndEpisode(EpisodeEnd.TakenBack);
        Apply(recorder, 5);
        saver.EndEpisode();
        saver.EndEpisode(EpisodeEnd.TakenBack);
        Apply(recorder, 6);
        recorder.Complete();
        saver.Dispose();

        Assert.Equal((2, 9), (saver.Read().Episodes, saver.Read().Frames));
        using var dataset = LeRobotDataset.Open(Root);
        Assert.Equal([3, 6], dataset.Episodes.Select(episode => episode.Length));
        Assert.Equal(9, dataset.Info.TotalFrames);
        foreach (var episode in dataset.Episodes)
        {
            var pictures = 0;
            dataset.ReadPictures(episode, DatasetFeature.FrontCamera, (_, _) => pictures++);
            Assert.Equal(episode.Length, pictures);
        }
    }

    [Fact]
    public void An_episode_of_an_earlier_recording_is_not_taken_back()
    {
        Run(recorder => Apply(recorder, 3));
        var settled = new List<(bool, string)>();
        using (var saver = new EpisodeSaver(Target) { Settled = (isSaved, why) => settled.Add((isSaved, why)) })
        {
            saver.Start();
            saver.EndEpisode(EpisodeEnd.TakenBack);
        }

        Assert.Equal([(false, "it was not recorded in this run")], settled);
        using var dataset = LeRobotDataset.Open(Root);
        Assert.Single(dataset.Episodes);
    }

    private static string Refusal(RecordingTarget target)
    {
        var exception = Assert.Throws<DatasetException>(() => new EpisodeSaver(target));
        Assert.DoesNotContain('\n', exception.Message);
        return exception.Message;
    }

    private RecordingReport Run(Action<LiveRecorder> work, int? capacity = null, bool startsLate = false)
    {
        var saver = new EpisodeSaver(Target, capacity) { Logger = _said };
        if (!startsLate)
            saver.Start();
        var recorder = Recorder(saver);
        work(recorder);
        recorder.Complete();
        if (startsLate)
            saver.Start();
        saver.Dispose();
        return saver.Read();
    }

    private LiveRecorder Recorder(EpisodeSaver saver) =>
        new(new EpisodeCutter(Fps, Fps), saver, [new Camera(this)], () => _scene, new Jaw());

    private void Say(long number, string text) => _scene = new LiveScene(new Instruction(number, text, 0));

    /// <summary>
    /// Takes a picture with every camera and publishes an action that was not made of it, so many times.
    /// </summary>
    private void Apply(LiveRecorder recorder, int count, params IReadOnlyList<string> cameras)
    {
        for (var i = 0; i < count; i++)
        {
            var action = Action(_scene.Instruction!.Number);
            foreach (var camera in cameras is [] ? ["front"] : cameras)
                Take(recorder, _frame, camera);
            Publish(recorder, action);
        }
    }

    private static void Take(LiveRecorder recorder, long sequence, string camera = "front") =>
        recorder.Observe(new Sighting(Sightings.Frames, 0, new FrameTaken(camera, sequence, 0)));

    private static void Publish(LiveRecorder recorder, PublishedAction action) =>
        recorder.Observe(new Sighting(Sightings.Actions, action.PublishedNs, action));

    private PublishedAction Action(long instruction, ControlState state = ControlState.Policy, string reason = "") =>
        new()
        {
            Sequence = _frame + 1,
            State = state,
            Row = 1,
            Reason = reason,
            Values = [_frame, -_frame],
            Clamped = 0,
            Origin = new Origin { Words = new WordsInForce(instruction, "") },
            PublishedNs = _frame++ * MonotonicTime.NsPerSecond / Fps,
        };

    /// <summary>What the last recording said of having nothing.</summary>
    private string WhyNothing() => _said.Lines[^1].Split($"nothing was recorded to {Root}: ")[1];

    /// <summary>Picture number n is 20 × (n - 1) bright and was taken at 10 × (n - 1); it keeps all of them.</summary>
    private sealed class Camera(
        LiveRecorderTests test,
        string name = "front",
        long earlierNs = 0,
        int grey = -1,
        Size? size = null
    ) : IRecordedPictures
    {
        public string Name => name;

        public bool TryCopy(long sequence, Mat into, out PictureStamp stamp)
        {
            stamp = new PictureStamp(sequence, Math.Max(0, 10 * (sequence - 1) - earlierNs));
            if (!test._hasPicture)
                return false;
            var brightness = grey >= 0 ? grey : 20 * (sequence - 1);
            using var picture = new Mat(size ?? test._size, MatType.CV_8UC3, Scalar.All(brightness));
            picture.CopyTo(into);
            return true;
        }
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
