using System.Text.Json.Nodes;
using Vla.Sensors.Datasets;
using Vla.Sensors.Datasets.Checks;
using static Vla.Tests.Sensors.Datasets.SmallDataset;

namespace Vla.Tests.Sensors.Datasets.Checks;

/// <summary>Each fault that is planted into a dataset is found, with its file, and its episode and frame.</summary>
public sealed class DatasetCheckTests(DatasetCheckTests.Recorded recorded)
    : IClassFixture<DatasetCheckTests.Recorded>,
        IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private string Root => _directory.File("dataset");

    private static Dictionary<string, Plant> Plants { get; } =
        new()
        {
            // meta/info.json
            ["no rate"] = new(Json(Info, json => json["fps"] = 0), Info, "fps"),
            ["no features"] = new(Json(Info, json => json.Remove("features")), Info, "features"),
            ["a version that is not known"] = new(Json(Info, json => json["codebase_version"] = "v9.0"), Info, "v9.0"),
            ["no version"] = new(Json(Info, json => json.Remove("codebase_version")), Info, "codebase_version"),
            ["JSON that is cut"] = new(root => File.WriteAllText(In(root, Info), "{ \"fps\": 10,"), Info, "damaged"),
            ["no files in a chunk"] = new(Json(Info, json => json["chunks_size"] = 0), Info, "chunks_size is 0"),
            ["no megabytes in a file"] = new(
                Json(Info, json => json["data_files_size_in_mb"] = -1),
                Info,
                "data_files_size_in_mb is -1"
            ),
            ["too many episodes"] = new(Json(Info, json => json["total_episodes"] = 3), Info, "total_episodes is 3"),
            ["too few frames"] = new(Json(Info, json => json["total_frames"] = 10), Info, "total_frames is 10"),
            ["another number of tasks"] = new(Json(Info, json => json["total_tasks"] = 5), Info, "total_tasks is 5"),
            ["a number of frames that is a text"] = new(
                Json(Info, json => json["total_frames"] = "many"),
                Info,
                "total_frames"
            ),
            ["no number of tasks"] = new(Json(Info, json => json.Remove("total_tasks")), Info, "total_tasks"),
            ["a path with an unknown field"] = new(
                Json(Info, json => json["data_path"] = "data/chunk-{chunk:03d}/file-{file_index:03d}.parquet"),
                Info,
                "{chunk:03d}"
            ),
            ["a path to elsewhere"] = new(
                Json(Info, json => json["video_path"] = "../{video_key}/{chunk_index}/{file_index}.mp4"),
                Info,
                "not within it"
            ),
            ["a type that is not known"] = new(
                Json(Info, json => Feature(json, "action")["dtype"] = "complex64"),
                Info,
                "complex64"
            ),
            ["a shape without sizes"] = new(
                Json(Info, json => Feature(json, "action")["shape"] = new JsonArray()),
                Info,
                "action has the shape []"
            ),
            ["a shape with a size of 0"] = new(
                Json(Info, json => Feature(json, "action")["shape"] = new JsonArray(0)),
                Info,
                "action has the shape [0]"
            ),
            ["a picture with two sizes"] = new(
                Json(Info, json => Feature(json, Wrist)["shape"] = new JsonArray(32, 32)),
                Info,
                "three sizes"
            ),
            ["a standard feature that is missing"] = new(
                Json(Info, json => json["features"]!.AsObject().Remove("frame_index")),
                Info,
                "frame_index is missing"
            ),

            // meta/tasks.parquet
            ["no tasks"] = new(root => File.Delete(In(root, Tasks)), Tasks, "missing"),
            ["tasks with a gap"] = new(
                Columns(Tasks, ParquetColumn.Scalars("task_index", [0L, 2])),
                Tasks,
                "row 1 has the task_index 2"
            ),
            ["tasks in another order"] = new(
                Columns(Tasks, ParquetColumn.Scalars("task_index", [1L, 0])),
                Tasks,
                "for \"task 0\" it gives \"task 1\""
            ),
            ["a task twice"] = new(
                Columns(Tasks, ParquetColumn.Texts("task", ["task 0", "task 0"])),
                Tasks,
                "2 tasks have the text"
            ),

            // meta/episodes
            ["no table of episodes"] = new(root => File.Delete(In(root, Episodes)), "meta/episodes", "no Parquet"),
            ["a table of episodes that is cut"] = new(Cut(Episodes), Episodes, "damaged"),
            ["episodes in another order"] = new(
                Columns(Episodes, ParquetColumn.Scalars("episode_index", [1L, 0])),
                Episodes,
                "place of episode 0"
            )
            {
                Episode = 1,
            },
            ["an episode that begins late"] = new(
                root =>
                {
                    ParquetEdit.Set(In(root, Episodes), "dataset_from_index", 1, 7);
                    ParquetEdit.Set(In(root, Episodes), "dataset_to_index", 1, 12);
                },
                Episodes,
                "dataset_from_index is 7"
            )
            {
                Episode = 1,
            },
            ["an end that is not the length"] = new(Number(Episodes, "dataset_to_index", 1, 12), Episodes, "episode 1"),
            ["a column that is missing"] = new(
                root => ParquetEdit.Drop(In(root, Episodes), "data/file_index"),
                Episodes,
                "no column data/file_index"
            ),
            ["an unknown task of an episode"] = new(
                Columns(
                    Episodes,
                    ParquetColumn.TextLists(
                        "tasks",
                        [
                            ["task 0"],
                            ["another"],
                        ]
                    )
                ),
                Episodes,
                "\"another\""
            )
            {
                Episode = 1,
            },
            ["a table that is said to be elsewhere"] = new(
                Number(Episodes, "meta/episodes/file_index", 1, 4),
                Episodes,
                "file-004"
            )
            {
                Episode = 1,
            },
            ["a video that ends too early"] = new(
                Number(Episodes, "videos/observation.images.front/to_timestamp", 0, 0.3),
                Episodes,
                "its last frame is at 0.5 s"
            )
            {
                Episode = 0,
            },
            ["two episodes with the same pictures"] = new(
                Number(Episodes, $"videos/{Wrist}/from_timestamp", 1, 0.4),
                Episodes,
                "among the pictures of episode 0"
            )
            {
                Episode = 1,
            },

            // data
            ["no data"] = new(root => File.Delete(In(root, Data)), Data, "missing"),
            ["data that are cut"] = new(Cut(Data), Data, "damaged"),
            ["data of nobody"] = new(
                root => File.Copy(In(root, Data), In(root, Data).Replace("000.parquet", "001.parquet")),
                "data/chunk-000/file-001.parquet",
                "no episode is in it"
            ),
            ["an episode in a file that is not there"] = new(
                Number(Episodes, "data/file_index", 1, 3),
                "data/chunk-000/file-003.parquet",
                "missing"
            ),
            ["a null"] = new(
                Columns(
                    Data,
                    new NullableColumn<float>(
                        "action",
                        [.. Enumerable.Range(0, 22).Select(i => i == 17 ? null : (float?)i)],
                        2
                    )
                ),
                Data,
                "null as number 2 of 2 as action"
            )
            {
                Episode = 1,
                Frame = 2,
            },
            ["a value that is no number"] = new(
                Number(Data, "observation.state", 5, double.NaN),
                Data,
                "NaN as number 2 of 2 as observation.state"
            )
            {
                Episode = 0,
                Frame = 2,
            },
            ["lists of another length"] = new(
                Columns(Data, ParquetColumn.Lists("action", new float[3 * Rows], 3)),
                Data,
                "3 values, not 2"
            )
            {
                Episode = 0,
                Frame = 0,
            },
            ["numbers where lists should be"] = new(
                Columns(Data, ParquetColumn.Scalars("action", new float[Rows])),
                Data,
                "a number in each row, where LeRobot wants a list"
            ),
            ["texts where numbers should be"] = new(
                Columns(Data, ParquetColumn.Texts("action", [.. new string[Rows].Select(_ => "go")])),
                Data,
                "not numbers"
            ),
            ["a column that info.json has not"] = new(
                Columns(Data, ParquetColumn.Scalars("extra", new float[Rows])),
                Data,
                "a column extra"
            ),
            ["a column that the data have not"] = new(
                root => ParquetEdit.Drop(In(root, Data), "action"),
                Data,
                "no column action"
            ),
            ["a row of another episode"] = new(Number(Data, "episode_index", 5, 1), Data, "has 5 rows") { Episode = 0 },
            ["a row of an unknown episode"] = new(Number(Data, "episode_index", 10, 7), Data, "the episode 7"),
            ["a frame twice"] = new(Number(Data, "frame_index", 8, 1), Data, "frame_index is 1")
            {
                Episode = 1,
                Frame = 2,
            },
            ["an index that jumps"] = new(Number(Data, "index", 4, 40), Data, "index is 40") { Episode = 0, Frame = 4 },
            ["a time that jumps"] = new(Number(Data, "timestamp", 9, 0.31), Data, "timestamp is 0.31")
            {
                Episode = 1,
                Frame = 3,
            },
            ["an episode that does not begin at 0"] = new(Number(Data, "timestamp", 6, 0.6), Data, "timestamp is 0.6")
            {
                Episode = 1,
                Frame = 0,
            },
            ["an unknown task of a frame"] = new(Number(Data, "task_index", 3, 9), Data, "task_index is 9")
            {
                Episode = 0,
                Frame = 3,
            },
            ["a task of another episode"] = new(Number(Data, "task_index", 3, 1), Data, "not among its episode's")
            {
                Episode = 0,
                Frame = 3,
            },

            // videos
            ["no video"] = new(root => File.Delete(In(root, FrontVideo)), FrontVideo, "missing"),
            ["a video that is none"] = new(
                root => File.WriteAllText(In(root, FrontVideo), "nothing"),
                FrontVideo,
                "damaged"
            ),
            ["a video of another camera"] = new(
                root => File.Copy(In(root, FrontVideo.Replace("front", "wrist")), In(root, FrontVideo), true),
                FrontVideo,
                "32x32 pixels, meta/info.json says 64x48"
            ),
            ["pictures at other times"] = new(
                root =>
                {
                    ParquetEdit.Set(In(root, Episodes), $"videos/{Wrist}/from_timestamp", 1, 0.65);
                    ParquetEdit.Set(In(root, Episodes), $"videos/{Wrist}/to_timestamp", 1, 1.15);
                },
                FrontVideo.Replace("front", "wrist"),
                "no observation.images.wrist picture at 0.65 s"
            )
            {
                Episode = 1,
                Frame = 0,
            },

            // statistics
            ["statistics that are no JSON"] = new(root => File.WriteAllText(In(root, Stats), "no"), Stats, "damaged"),
            ["no statistics of a feature"] = new(
                Json(Stats, json => json.Remove("action")),
                Stats,
                "nothing of action"
            ),
            ["no spread of a feature"] = new(
                Json(Stats, json => json["action"]!.AsObject().Remove("std")),
                Stats,
                "no std of action"
            ),
            ["another mean"] = new(
                Json(Stats, json => json["action"]!["mean"] = new JsonArray(9, 0.25)),
                Stats,
                "mean of action is 9"
            ),
            ["another least"] = new(
                Json(Stats, json => json["observation.state"]!["min"] = new JsonArray(-3, -5)),
                Stats,
                "min of observation.state is -3"
            ),
            ["another count"] = new(
                Json(Stats, json => json["action"]!["count"] = new JsonArray(12)),
                Stats,
                "count of action is 12"
            ),
            ["statistics of another length"] = new(
                Json(Stats, json => json["action"]!["max"] = new JsonArray(1, 2, 3)),
                Stats,
                "shape [3], not [2]"
            ),
            ["a picture's mean that is a number"] = new(
                Json(Stats, json => json[Wrist]!["mean"] = new JsonArray(0.5, 0.5, 0.5)),
                Stats,
                "shape [3], not [3, 1, 1]"
            ),
            ["a spread below 0"] = new(
                Json(Stats, json => json["action"]!["std"] = new JsonArray(-1, 0)),
                Stats,
                "cannot be"
            ),
            ["a picture's mean above its max"] = new(
                Json(Stats, json => json[Wrist]!["mean"]![0]![0]![0] = 1.5),
                Stats,
                "not between min and max"
            ),
            ["another mean of an episode"] = new(
                Number(Episodes, "stats/action/mean", 2, 50),
                Episodes,
                "mean of action is 50"
            )
            {
                Episode = 1,
            },
            ["statistics of an episode that cannot be read"] = new(
                root => ParquetEdit.Spoil(In(root, Episodes), $"stats/{Wrist}/q50"),
                Episodes,
                "damaged"
            ),
            ["statistics of an episode that are texts"] = new(
                Columns(Episodes, ParquetColumn.Texts("stats/action/count", ["six", "five"])),
                Episodes,
                "stats/action/count"
            ),
        };

    public static TheoryData<string> Names() => [.. Plants.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_planted_fault_is_found(string name)
    {
        var plant = Plants[name];
        recorded.CopyTo(Root);
        plant.Damage(Root);

        var faults = Look(Root).Where(finding => finding.IsFault).ToList();

        Assert.Contains(
            faults,
            fault =>
                fault.File == plant.File
                && $"{fault}".Contains(plant.Word, StringComparison.Ordinal)
                && (plant.Episode is null || fault.Episode == plant.Episode)
                && (plant.Frame is null || fault.Frame == plant.Frame)
        );
        Assert.All(faults, fault => Assert.DoesNotContain('\n', $"{fault}"));
    }

    [Fact]
    public void A_recorded_dataset_has_no_fault()
    {
        SmallDataset.Record(Root, 4, 1, 70, 3);

        Assert.Equal([], Look(Root).Select(finding => $"{finding}"));
    }

    [Fact]
    public void A_dataset_without_episodes_has_no_fault()
    {
        using (DatasetWriter.Create(Root, 10, "robot", SmallDataset.Features)) { }

        Assert.Equal([], Look(Root).Select(finding => $"{finding}"));
    }

    [Theory]
    [InlineData("plain-ok")]
    [InlineData("several-files-ok")]
    [InlineData("emoji-task")]
    public void Nothing_is_wrong_with(string name) =>
        Assert.DoesNotContain(Look(TestData.Path($"datasets/{name}")), finding => finding.IsFault);

    [FfmpegFact]
    public void Nothing_is_wrong_with_AV1() =>
        Assert.DoesNotContain(Look(TestData.Path("datasets/av1")), finding => finding.IsFault);

    [Theory]
    [InlineData("null-in-action", "data/chunk-000/file-000.parquet, episode 1, frame 5: it has null as number 3 of 7")]
    [InlineData("task-index-gap", "meta/tasks.parquet: row 1 has the task_index 2")]
    [InlineData(
        "video-at-another-rate",
        "file-000.mp4, episode 0, frame 1: there is no observation.images.front picture at 0.0345 s: the nearest is at "
            + "0.0333 s; it has 30 pictures a second, the dataset 29 frames"
    )]
    public void The_planted_fault_is_found_in(string name, string words) =>
        Assert.Contains(
            Look(TestData.Path($"datasets/{name}")),
            finding => finding.IsFault && $"{finding}".Contains(words, StringComparison.Ordinal)
        );

    [Fact]
    public void A_table_of_tasks_that_made_a_reader_go_round_for_ever_is_found()
    {
        recorded.CopyTo(Root);
        File.Copy(TestData.Path("datasets/tasks-hang.parquet"), In(Root, Tasks), overwrite: true);

        Assert.Contains(Look(Root), finding => finding.IsFault && finding.File == Tasks);
    }

    [Fact]
    public void Of_many_faults_of_a_kind_the_first_are_told_and_how_many_more()
    {
        SmallDataset.Record(Root, 40);
        ParquetEdit.Put(In(Root, Data), ParquetColumn.Scalars("index", new long[40]));

        var faults = Look(Root).Select(finding => $"{finding}").ToList();

        Assert.Equal(10, faults.Count(fault => fault.Contains("its index is", StringComparison.Ordinal)));
        Assert.Contains(faults, fault => fault.Contains("and 29 more like it", StringComparison.Ordinal));
    }

    [Fact]
    public void A_table_of_episodes_that_cannot_be_read_is_told_once()
    {
        recorded.CopyTo(Root);
        Cut(Episodes)(Root);

        Assert.Single(Look(Root), finding => finding.File == Episodes);
    }

    [Fact]
    public void What_is_no_dataset_is_refused()
    {
        Assert.Contains("no dataset", Assert.Throws<DatasetException>(() => Look(Root)).Message);
        Directory.CreateDirectory(Root);
        Assert.Contains("info.json", Assert.Throws<DatasetException>(() => Look(Root)).Message);
    }

    public void Dispose() => _directory.Dispose();

    private static List<DatasetFinding> Look(string root)
    {
        List<DatasetFinding> findings = [];
        DatasetCheck.Run(root, findings.Add);
        return findings;
    }

    private static JsonObject Feature(JsonObject json, string name) => json["features"]![name]!.AsObject();

    private static Action<string> Json(string file, Action<JsonObject> edit) => root => EditJson(root, file, edit);

    private static Action<string> Columns(string file, params ParquetColumn[] columns) =>
        root => ParquetEdit.Put(In(root, file), columns);

    private static Action<string> Number(string file, string column, int at, double value) =>
        root => ParquetEdit.Set(In(root, file), column, at, value);

    private static Action<string> Cut(string file) =>
        root =>
        {
            using var stream = File.OpenWrite(In(root, file));
            stream.SetLength(stream.Length / 2);
        };

    /// <summary>A dataset without faults, recorded once.</summary>
    public sealed class Recorded : IDisposable
    {
        private readonly TemporaryDirectory _directory = new();

        public Recorded() => SmallDataset.Record(_directory.File("dataset"));

        public void CopyTo(string root)
        {
            foreach (var file in Directory.EnumerateFiles(_directory.Path, "*", SearchOption.AllDirectories))
            {
                var to = Path.Combine(root, Path.GetRelativePath(_directory.File("dataset"), file));
                Directory.CreateDirectory(Path.GetDirectoryName(to)!);
                File.Copy(file, to);
            }
        }

        public void Dispose() => _directory.Dispose();
    }

    /// <param name="Damage">Is given the dataset's directory.</param>
    /// <param name="File">In which the fault is to be found.</param>
    /// <param name="Word">Among those that it is told with.</param>
    private sealed record Plant(Action<string> Damage, string File, string Word)
    {
        public int? Episode { get; init; }

        public int? Frame { get; init; }
    }
}
