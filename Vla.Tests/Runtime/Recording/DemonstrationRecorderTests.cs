using Vla.Runtime.Recording;
using Vla.Sensors.Datasets;
using Vla.Sensors.Simulation.Demonstrations;

namespace Vla.Tests.Runtime.Recording;

public sealed class DemonstrationRecorderTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Records_the_same_whatever_the_number_of_workers_and_wherever_it_was_interrupted()
    {
        await RecordAsync("one", workers: 1, 3);
        await RecordAsync("three", workers: 3, 1);
        await RecordAsync("three", workers: 3, 3);

        using var one = LeRobotDataset.Open(_directory.File("one"));
        using var three = LeRobotDataset.Open(_directory.File("three"));
        Assert.Equal(3, three.Episodes.Count);
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(one.Episodes[i].Tasks, three.Episodes[i].Tasks);
            var (a, b) = (one.Read(one.Episodes[i]), three.Read(three.Episodes[i]));
            Assert.Equal(a.Floats(DatasetFeature.Action).ToArray(), b.Floats(DatasetFeature.Action).ToArray());
            Assert.Equal(
                a.Floats(DemonstrationFeatures.Chunks).ToArray(),
                b.Floats(DemonstrationFeatures.Chunks).ToArray()
            );
            Assert.Equal(a.Task(0), a.TaskOf(a.Integers(DemonstrationFeatures.LessonTasks).Span[0]));
        }

        using var sheet = ContactSheet.Draw(one);
        Assert.False(sheet.Empty());
    }

    private async Task RecordAsync(string name, int workers, int episodes)
    {
        var root = _directory.File(name);
        var features = DemonstrationFeatures.All(32);
        using var writer = DatasetWriter.Exists(root)
            ? DatasetWriter.Append(root, DemonstrationFeatures.Fps, features)
            : DatasetWriter.Create(root, DemonstrationFeatures.Fps, DemonstrationFeatures.RobotType, features);
        var recorder = new DemonstrationRecorder
        {
            Episodes = episodes,
            Seed = 1,
            Levels = LevelMixture.Both,
            ImageSize = 32,
            Workers = workers,
        };
        await recorder.RecordAsync(writer, () => { }, CancellationToken.None);
    }
}
