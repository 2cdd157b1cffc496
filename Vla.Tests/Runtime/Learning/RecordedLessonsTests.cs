using OpenCvSharp;
using Vla.Actors.Training;
using Vla.Runtime;
using Vla.Runtime.Learning;
using Vla.Sensors.Datasets;
using Vla.Sensors.Images;
using Vla.Sensors.Simulation.Demonstrations;

namespace Vla.Tests.Runtime.Learning;

public sealed class RecordedLessonsTests : IDisposable
{
    private const int Width = 48;
    private const int Height = 32;
    private const int Fps = 20;
    private const string Wrist = "observation.images.wrist";

    private static readonly TrainingTemplate Policy = new(
        new ImageSpec(16, 16, [0.5f, 0.5f, 0.5f], [0.25f, 0.25f, 0.25f]) { Fit = ImageFit.Crop },
        ["jaw"],
        ["x", "gripper"],
        Horizon: 3
    );

    private readonly TemporaryDirectory _directory = new();

    private string Root => _directory.File("dataset");

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void A_frames_lesson_is_its_instruction_and_the_actions_that_follow_in_its_episode()
    {
        Record(Robot(), 5, 4);

        var set = Read(Root, Policy, picturesPerEpisode: 99);

        Assert.Equal((9, 1, 50.0), (set.Count, set.Shape.Lessons, LessonSource.Parse(Root).StepMs));
        Assert.Equal((Width, Height), LessonSource.Parse(Root).Columns.Picture);
        Assert.Equal([0, 0, 0, 0, 0, 1, 1, 1, 1], Enumerable.Range(0, 9).Select(set.Episode));
        Assert.Equal("task 1", set.Instructions[set.Text(6, 0)]);
        Assert.Equal([11f, 0.5f, 12f, 0.5f, 13f, 0.5f], set.Chunk(6, 0).ToArray());
        Assert.Equal([0.1f], set.State(1).ToArray());
        Assert.False(set.HasTruth);
    }

    [Fact]
    public void Of_a_chunk_beyond_the_episodes_end_only_what_was_recorded_counts()
    {
        Record(Robot(), 4, 4);

        var set = Read(Root, Policy, picturesPerEpisode: 99);

        Assert.Equal([3, 3, 2, 1], Enumerable.Range(0, 4).Select(sample => set.Valid(sample, 0)));
        Assert.Equal([3f, 0.5f, 3f, 0.5f, 3f, 0.5f], set.Chunk(3, 0).ToArray());
    }

    [Fact]
    public void Actions_that_were_done_for_the_next_instruction_do_not_count()
    {
        Record(Robot(), frame => frame < 2 ? "first" : "second", 4);

        var set = Read(Root, Policy, picturesPerEpisode: 99);

        Assert.Equal([2, 1, 2, 1], Enumerable.Range(0, 4).Select(sample => set.Valid(sample, 0)));
        Assert.Equal(["first", "second"], set.Instructions);
    }

    [Fact]
    public void Numbers_are_found_by_their_names_in_whatever_order_they_were_recorded()
    {
        Record(Robot(), 4);

        var set = Read(Root, Policy with { ActionNames = ["gripper", "x"], Horizon = 1 }, picturesPerEpisode: 99);

        Assert.Equal([0.5f, 2f], set.Chunk(2, 0).ToArray());
    }

    [Fact]
    public void Pictures_are_prepared_as_the_live_cameras_are()
    {
        Record(Robot(), 3);

        // The left sixth is white and the policy crops it away.
        var cropped = Read(Root, Policy, picturesPerEpisode: 1).Picture(0).ToArray();
        var stretched = Read(
                Root,
                Policy with
                {
                    Image = Policy.Image with { Fit = ImageFit.Stretch },
                },
                picturesPerEpisode: 1
            )
            .Picture(0)
            .ToArray();

        Assert.True(cropped[(8 * 16 + 1) * 3] < 60);
        Assert.True(stretched[(8 * 16 + 1) * 3] > 200);
    }

    [Fact]
    public void Ten_pictures_a_second_are_kept_or_as_many_as_are_wished_evenly_spread()
    {
        Record(Robot(), 20);

        Assert.Equal(10, Read(Root, Policy).Count);
        var set = Read(Root, Policy, picturesPerEpisode: 4);
        Assert.Equal([0f, 5f, 10f, 15f], Enumerable.Range(0, 4).Select(sample => set.Chunk(sample, 0)[0]));
    }

    [Fact]
    public void A_simulators_features_give_several_instructions_with_the_experts_own_answers_and_places()
    {
        Record(Simulator(), 3);

        var set = Read(Root, Policy with { Horizon = 2 });

        Assert.Equal((2, 2), (set.Count, set.Shape.Lessons));
        Assert.Equal(["task 0", "other"], set.Instructions);
        Assert.Equal([100f, 101f, 102f, 103f], set.Chunk(0, 0).ToArray());
        Assert.Equal([106f, 107f, 108f, 109f], set.Chunk(0, 1).ToArray());
        Assert.Equal(2, set.Valid(1, 1));
        Assert.True(set.HasTruth);
        // A sixth of the width is cut off on the left: what lay there now lies at the edge.
        Assert.Equal([0f, 0.5f, 0.5f, 0.25f, 0.6f, 0.8f], set.Truth(0, 0).ToArray(), (a, b) => Math.Abs(a - b) < 1e-5);
        Assert.Equal(
            [1f / 6, 0.5f],
            Read(Root, Policy with { Horizon = 2, Image = Policy.Image with { Fit = ImageFit.Stretch } })
                .Truth(0, 0)[..2]
                .ToArray()
        );
    }

    [Fact]
    public void A_simulators_features_can_be_left_out()
    {
        Record(Simulator(), 3);

        var set = Read($"{Root}?expert=off", Policy);

        Assert.Equal((1, false), (set.Shape.Lessons, set.HasTruth));
        Assert.Equal([0f, 0.5f, 1f, 0.5f, 2f, 0.5f], set.Chunk(0, 0).ToArray());
    }

    [Fact]
    public void Of_several_cameras_the_front_one_is_used_or_the_one_that_is_named()
    {
        Record([.. Robot(), DatasetFeature.Camera(Wrist, 32, 32)], 3);

        Assert.True(Read(Root, Policy).Picture(0)[0] < 60);
        Assert.True(Read($"{Root}?camera=wrist", Policy).Picture(0)[0] > 200);
        Assert.Contains("front, wrist", Refusal($"{Root}?camera=side", Policy));
    }

    [Fact]
    public void A_policy_that_wants_several_pictures_gets_them_together_in_its_order()
    {
        Record([.. Robot(), DatasetFeature.Camera(Wrist, 32, 32)], 3);

        var set = Read(Root, Policy with { Pictures = ["wrist", "front"] });

        var picture = set.Picture(0);
        Assert.Equal((2, 2 * 16 * 16 * 3), (set.Shape.Cameras, picture.Length));
        Assert.True(picture[0] > 200, "the wrist's picture is white");
        Assert.True(picture[16 * 16 * 3 + 100] < 60, "the front's picture is dark");
        Assert.Equal([0f], set.State(0).ToArray());
        Assert.Equal(["front", "wrist"], LessonSource.Parse(Root).Columns.Cameras);
    }

    [Fact]
    public void A_camera_that_the_policy_wants_and_the_dataset_lacks_is_named_with_both_sides()
    {
        Record([.. Robot(), DatasetFeature.Camera(Wrist, 32, 32)], 3);

        Assert.Contains(
            $"the policy wants the pictures front, top (images), dataset '{Root}' has front, wrist: record top",
            Refusal(Root, Policy with { Pictures = ["front", "top"] })
        );
        Assert.Contains(
            "names one camera, the policy wants the pictures",
            Refusal($"{Root}?camera=wrist", Policy with { Pictures = ["front", "wrist"] })
        );
    }

    [Fact]
    public void Without_a_front_camera_one_of_several_has_to_be_named()
    {
        Record(
            [
                .. Robot().Skip(1),
                DatasetFeature.Camera(Wrist, 32, 32),
                DatasetFeature.Camera("observation.images.top", 32, 32),
            ],
            3
        );

        Assert.Contains("?camera=NAME", Refusal(Root, Policy));
    }

    [Fact]
    public void What_does_not_fit_the_policy_is_named_with_the_mend()
    {
        Record(Robot(), 3, 4);

        Assert.Contains(
            "action (2 numbers: x gripper), the policy wants 3: x y gripper (action.names)",
            Refusal(Root, Policy with { ActionNames = ["x", "y", "gripper"] })
        );
        Assert.Contains("observation.state (1 numbers: jaw)", Refusal(Root, Policy with { StateNames = ["x", "jaw"] }));
        Assert.Contains("longest episode", Refusal(Root, Policy with { Horizon = 5 }));
        Assert.Contains("expert=of'", Refusal($"{Root}?expert=of", Policy));
        Assert.Contains("there is no dataset", Refusal($"{Root}s", Policy));
    }

    [Fact]
    public void What_is_missing_or_too_short_for_the_policy_is_named_with_the_mend()
    {
        Record([.. Simulator().Where(feature => feature.Name != DatasetFeature.State)], 3);

        Assert.Contains("no feature observation.state", Refusal(Root, Policy));
        Assert.Contains(
            "expert.chunk has 12 numbers, 3 actions of an instruction",
            Refusal(Root, Policy with { StateNames = [], Horizon = 4 })
        );
        Assert.Contains("no camera", Refusal(WithoutPictures(), Policy));
    }

    [Fact]
    public void A_number_that_is_none_is_found_before_it_is_learnt()
    {
        Record(Robot(), 3);
        // Not by this project's own writer, which refuses it.
        ParquetTable.Write(
            Path.Combine(Root, "data", "chunk-000", "file-000.parquet"),
            [
                ParquetColumn.Lists(DatasetFeature.State, new float[3], 1),
                ParquetColumn.Lists(
                    DatasetFeature.Action,
                    new float[6]
                        .Append(float.NaN)
                        .Skip(1)
                        .ToArray(),
                    2
                ),
                .. new[] { "frame_index", "index" }.Select(name => ParquetColumn.Scalars(name, [0L, 1, 2])),
                .. new[] { "episode_index", "task_index" }.Select(name => ParquetColumn.Scalars(name, new long[3])),
                ParquetColumn.Scalars("timestamp", [0f, 1f / Fps, 2f / Fps]),
            ]
        );

        var exception = Assert.Throws<DatasetException>(() => Read(Root, Policy));
        Assert.Contains("NaN as action in frame 2 of episode 0", exception.Message);
    }

    private static DatasetFeature[] Robot() =>
        [
            DatasetFeature.Camera(DatasetFeature.FrontCamera, Width, Height),
            DatasetFeature.Floats(DatasetFeature.State, ["jaw"]),
            DatasetFeature.Floats(DatasetFeature.Action, ["x", "gripper"]),
        ];

    private static DatasetFeature[] Simulator() =>
        [
            .. Robot(),
            DatasetFeature.Tasks(DemonstrationFeatures.LessonTasks, 2),
            DatasetFeature.Floats(DemonstrationFeatures.Chunks, 2 * 3 * 2),
            DatasetFeature.Floats(DemonstrationFeatures.Targets, 2 * 4),
            DatasetFeature.Floats(DemonstrationFeatures.Turns, 2 * 2),
        ];

    private static TrainingSet Read(string text, TrainingTemplate policy, int? picturesPerEpisode = null) =>
        LessonSource.Parse(text).Read(new LessonWishes(policy, picturesPerEpisode), _ => { }, CancellationToken.None);

    private static string Refusal(string text, TrainingTemplate policy)
    {
        var exception = Assert.ThrowsAny<Exception>(() => Read(text, policy));
        Assert.NotNull(ExitCodes.For(exception));
        Assert.DoesNotContain('\n', exception.Message);
        return exception.Message;
    }

    private string WithoutPictures()
    {
        var root = _directory.File("blind");
        using var writer = DatasetWriter.Create(
            root,
            Fps,
            "robot",
            [DatasetFeature.Floats(DatasetFeature.Action, ["x", "gripper"])]
        );
        return root;
    }

    private void Record(DatasetFeature[] features, params int[] lengths)
    {
        using var writer = DatasetWriter.Create(Root, Fps, "robot", features);
        for (var episode = 0; episode < lengths.Length; episode++)
            RecordEpisode(writer, features, $"task {episode}", episode, lengths[episode]);
    }

    private void Record(DatasetFeature[] features, Func<int, string> task, int length)
    {
        using var writer = DatasetWriter.Create(Root, Fps, "robot", features);
        var recording = writer.Begin();
        for (var frame = 0; frame < length; frame++)
            RecordFrame(recording, features, task(frame), frame, frame);
        writer.Save(recording);
    }

    private static void RecordEpisode(
        DatasetWriter writer,
        DatasetFeature[] features,
        string task,
        int episode,
        int length
    )
    {
        var recording = writer.Begin();
        for (var frame = 0; frame < length; frame++)
            RecordFrame(recording, features, task, 10 * episode + frame, frame);
        writer.Save(recording);
    }

    private static void RecordFrame(
        EpisodeRecording recording,
        DatasetFeature[] features,
        string task,
        float action,
        int frame
    )
    {
        foreach (var feature in features)
        {
            switch (feature.Name)
            {
                case DatasetFeature.FrontCamera:
                    using (var picture = new Mat(Height, Width, MatType.CV_8UC3, Scalar.Black))
                    {
                        Cv2.Rectangle(picture, new Rect(0, 0, Width / 6, Height), Scalar.White, -1);
                        recording.Set(feature.Name, picture);
                    }

                    break;
                case DatasetFeature.State:
                    recording.Set(feature.Name, [frame / 10f]);
                    break;
                case DatasetFeature.Action:
                    recording.Set(feature.Name, [action, 0.5f]);
                    break;
                case DemonstrationFeatures.LessonTasks:
                    recording.SetTasks(feature.Name, [task, "other"]);
                    break;
                case DemonstrationFeatures.Chunks:
                    recording.Set(
                        feature.Name,
                        [.. Enumerable.Range(100, feature.Count).Select(value => (float)value)]
                    );
                    break;
                case DemonstrationFeatures.Targets:
                    recording.Set(feature.Name, [1f / 6, 0.5f, 0.5f, 0.25f, 0, 0, 0, 0]);
                    break;
                case DemonstrationFeatures.Turns:
                    recording.Set(feature.Name, [0.6f, 0.8f, 0, 1]);
                    break;
                default:
                    using (var picture = new Mat(feature.Shape[0], feature.Shape[1], MatType.CV_8UC3, Scalar.White))
                        recording.Set(feature.Name, picture);
                    break;
            }
        }

        recording.EndFrame(task);
    }
}
