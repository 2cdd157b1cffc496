using Vla.Actors.Robots;
using Vla.Runtime.Servos.Arms;

namespace Vla.Runtime.Servos.SettingUp;

/// <summary>Gives servos their numbers and the line's speed, one servo at a time on the line.</summary>
internal static class MotorSetUp
{
    /// <summary>
    /// Asks for one servo after the other, the gripper's first: so each is connected once, and stays.
    /// </summary>
    /// <param name="bus">Of the port.</param>
    /// <param name="kind">Which kind of arm.</param>
    /// <param name="joints">Which, by name.</param>
    /// <param name="dialogue">With whoever connects them.</param>
    /// <exception cref="RobotException">A servo does not take its number.</exception>
    public static void Run(ServoBus bus, ArmKind kind, IReadOnlyList<string> joints, Dialogue dialogue)
    {
        foreach (var (i, joint) in joints.Index())
        {
            var id = ArmKind.Joints.ToList().IndexOf(joint) + 1;
            dialogue.Say(
                $"Connect the servo of {joint} alone to the board, with power, and press Enter ({i + 1} of "
                    + $"{joints.Count})."
            );
            while (true)
            {
                dialogue.Ask();
                if (TrySet(bus, kind, id, out var words))
                {
                    dialogue.Say($"    {words}");
                    break;
                }

                dialogue.Say($"    {words}, then press Enter.");
            }
        }
    }

    /// <summary>Sets the one servo on the line.</summary>
    /// <param name="bus">Of the port.</param>
    /// <param name="kind">Which kind of arm it is for.</param>
    /// <param name="id">The number that it gets.</param>
    /// <param name="words">What was done, or what is wrong.</param>
    /// <returns>Whether it is done.</returns>
    public static bool TrySet(ServoBus bus, ArmKind kind, int id, out string words)
    {
        var found = Search(bus);
        if (found.Count != 1)
        {
            words =
                found.Count == 0
                    ? "No servo answers at any speed: check its cable and the power supply"
                    : $"Several servos answer ({string.Join(", ", found.Select(servo => servo.Id))}): "
                        + "connect one alone";
            return false;
        }

        var (old, baud) = found[0];
        bus.Baud = baud;
        var make = bus.Make;
        var (model, wanted) = (bus.Read(old, make.ModelNumber), kind.Models[id - 1]);
        if (model != wanted)
        {
            bus.Baud = ArmKind.Baud;
            words =
                $"This servo is of {make.InWords(model)}, not an {make.ModelOf(wanted)!.Name} ({wanted}): connect the "
                + "right one";
            return false;
        }

        bus.Set(old, make.TorqueEnable, 0);
        if (make.Lock is not null)
            bus.Set(old, make.Lock, 0);
        // From now on it answers as the new one.
        if (old != id)
            WriteUnheard(bus, old, id, make.Id, id);
        if (baud != ArmKind.Baud)
            WriteUnheard(bus, id, id, make.Baud, make.Bauds.ToList().IndexOf(ArmKind.Baud));
        bus.Baud = ArmKind.Baud;
        if (make.Lock is not null)
            bus.Set(id, make.Lock, 1);
        if (bus.Read(id, make.Id) != id)
            throw new ServoException($"the servo does not keep its number {id}: try it once more");
        words =
            old == id && baud == ArmKind.Baud
                ? $"It is number {id} already."
                : $"It is number {id} now, at 1 Mbit/s (was {old}, at {baud}).";
        return true;
    }

    /// <summary>
    /// A change of number or speed may be confirmed in the old way or in the new one: who is there says it.
    /// </summary>
    private static void WriteUnheard(ServoBus bus, int id, int next, ServoRegister register, int value)
    {
        bus.SyncWrite(register, [id], [value]);
        if (register == bus.Make.Baud)
            bus.Baud = ArmKind.Baud;
        if (bus.Ping(next) is null && bus.Ping(next) is null)
            throw new ServoException(
                $"the servo does not take its {register.Name} {value}: check its cable, and try it once more"
            );
    }

    private static List<(int Id, int Baud)> Search(ServoBus bus)
    {
        var found = new List<(int Id, int Baud)>();
        foreach (var baud in bus.Make.Bauds)
        {
            bus.Baud = baud;
            found.AddRange(bus.PingAll().Union(bus.PingAll()).Select(id => (id, baud)));
        }

        bus.Baud = ArmKind.Baud;
        return found;
    }
}
