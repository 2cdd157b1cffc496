using Vla.Actors.Training;
using Vla.Sensors.Simulation;

namespace Vla.Tests.Actors.Training;

/// <summary>
/// A policy and data so small that a step takes milliseconds: the gripper shall close on red and open on blue pictures.
/// </summary>
internal static class TinyTraining
{
    public const int Size = 16;
    public const int Horizon = 2;
    public const int Lessons = 2;

    /// <summary>Slots, state, chunks: all that training has a part for.</summary>
    public const string Config = """
        {
          "name": "tiny",
          "stages": {
            "vision_encoder": { "type": "spatial", "dim": 8 },
            "language_encoder": { "type": "bert", "vocab_size": 12, "max_positions": 6, "dim": 8, "layers": 1,
              "heads": 2, "feed_forward_dim": 8, "dropout": 0 },
            "fusion": { "type": "slot_attention", "vision_dim": 8, "language_dim": 8, "state_dim": 1, "rows": 2,
              "columns": 2, "dim": 8, "heads": 2, "slots": 2, "feed_forward_dim": 8 },
            "action_decoder": { "type": "act", "input_dim": 8, "action_dim": 2, "horizon": 2, "dim": 8, "heads": 2,
              "layers": 1, "feed_forward_dim": 8 }
          },
          "image": { "height": 16, "width": 16, "mean": [0.5, 0.5, 0.5], "std": [0.25, 0.25, 0.25] },
          "text": { "sequence_length": 6, "padding": "right" },
          "state": { "names": ["jaw"], "units": ["m"], "mean": [0], "std": [1] },
          "action": { "names": ["x", "gripper"], "units": ["m", "1"], "mean": [0, 0], "std": [1, 1], "horizon": 2,
            "step_ms": 20, "binary": ["gripper"] }
        }
        """;

    public static DataColumns Columns { get; } =
        new([new DataColumn("jaw", "m")], [new DataColumn("x", "m"), new DataColumn("gripper")], StepMs: 100);

    /// <summary>Data with one action that is far from all others.</summary>
    public static TrainingSet WithOutlier(float action)
    {
        // So many that the scales are those of the others.
        var set = Data(episodes: 120);
        set.AddPicture(0, new byte[Size * Size * 3], [0]);
        for (var lesson = 0; lesson < Lessons; lesson++)
            set.AddLesson(
                new TrainingLesson
                {
                    Instruction = "go left",
                    Chunk = [action, 0, -action, 0],
                    Valid = Horizon,
                    Truth = [0.2f, 0.5f, 0.5f, 0.8f, 0, 1],
                }
            );
        return set;
    }

    public static string WriteTemplate(string directory)
    {
        var file = Path.Combine(directory, "template.json");
        File.WriteAllText(file, Config);
        return file;
    }

    /// <param name="withTruth">Whether it is known where things are.</param>
    /// <param name="episodes">Samples.</param>
    /// <param name="cameras">The last one's picture is red or blue, the others' are grey.</param>
    public static TrainingSet Data(bool withTruth = true, int episodes = 40, int cameras = 1)
    {
        var set = new TrainingSet(
            new TrainingShape(Size, Size, State: 1, Actions: 2, Horizon, Lessons) { Cameras = cameras }
        );
        var random = new WorldRandom(1);
        for (var episode = 0; episode < episodes; episode++)
        {
            var isRed = episode % 2 == 0;
            var picture = new byte[cameras * Size * Size * 3];
            Array.Fill(picture, (byte)128);
            for (var i = picture.Length - Size * Size * 3; i < picture.Length; i++)
                picture[i] = (byte)(i % 3 == (isRed ? 0 : 2) ? 200 + random.Below(40) : random.Below(40));
            set.AddPicture(episode, picture, [(float)random.NextDouble()]);
            for (var lesson = 0; lesson < Lessons; lesson++)
            {
                var gripper = isRed ? 0f : 1f;
                var x = lesson == 0 ? -0.02f : 0.02f;
                set.AddLesson(
                    new TrainingLesson
                    {
                        Instruction = lesson == 0 ? "go left" : "go right",
                        Chunk = [x, gripper, x, gripper],
                        Valid = Horizon,
                        Truth = withTruth ? [isRed ? 0.2f : 0.8f, 0.5f, 0.5f, 0.8f, 0, 1] : [],
                    }
                );
            }
        }

        return set;
    }
}
