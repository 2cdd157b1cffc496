using Vla.Actors.Robots;
using Vla.Runtime.Servos.Arms;

namespace Vla.Runtime.Servos.SettingUp;

/// <summary>Finds out at which port an arm is: by who answers there, and by pulling its plug.</summary>
/// <param name="list">Names the ports that there are now.</param>
/// <param name="open">Opens a port's bus, of servos of a make.</param>
/// <param name="stable">A name that stays, of a port.</param>
internal sealed class PortFinder(
    Func<IReadOnlyList<string>> list,
    Func<string, ServoMake, ServoBus> open,
    Func<string, string> stable
)
{
    /// <summary>
    /// Says what is at each port, then, if somebody wants to know which arm is which, asks for a plug to be pulled.
    /// </summary>
    /// <returns>Whether there is any arm.</returns>
    public bool Find(Dialogue dialogue)
    {
        var ports = list();
        if (ports.Count == 0)
        {
            dialogue.Say("There is no serial port of a USB cable: plug the arm in, and switch its power on.");
            return false;
        }

        var arms = 0;
        foreach (var port in ports)
        {
            var (words, isArm) = Describe(port);
            dialogue.Say($"{port}: {words}");
            if (stable(port) != port)
                dialogue.Say($"    stays the same as {stable(port)}");
            if (isArm)
                arms++;
        }

        if (arms != 1 || ports.Count > 1)
            Unplug(dialogue, ports);
        return arms > 0;
    }

    private void Unplug(Dialogue dialogue, IReadOnlyList<string> before)
    {
        dialogue.Say();
        dialogue.Say("Which is which? Pull the USB plug of the arm that you mean, then press Enter (or q to end).");
        if (dialogue.TryAsk() is null or "q")
            return;
        var gone = before.Except(list()).ToList();
        dialogue.Say(
            gone.Count switch
            {
                1 => $"That arm is at {gone[0]}. Plug it in again.",
                0 => "No port has gone: pull the plug of the USB cable, not of the power supply, and start again.",
                _ => $"Several ports have gone ({string.Join(", ", gone)}): pull one plug only, and start again.",
            }
        );
    }

    private (string Words, bool IsArm) Describe(string port)
    {
        try
        {
            foreach (var make in ArmKind.All.Select(kind => kind.Make).Distinct())
            {
                using var bus = open(port, make);
                // Twice: one answer may get lost.
                var ids = bus.PingAll().Union(bus.PingAll()).Order().ToList();
                if (ids.Count > 0)
                    return Describe(bus, ids);
            }

            return ("nobody answers; no arm, or one without power", false);
        }
        catch (RobotException exception)
        {
            return (exception.Message, false);
        }
    }

    private static (string Words, bool IsArm) Describe(ServoBus bus, List<int> ids)
    {
        if (!ArmKind.Ids.All(ids.Contains))
            return ($"servos {string.Join(", ", ids)} answer; an arm has 1 to 6", false);
        var models = ArmKind.Ids.Select(id => bus.Read(id, bus.Make.ModelNumber)).ToList();
        var kinds = ArmKind.All.Where(kind => kind.Make == bus.Make && kind.Models.SequenceEqual(models)).ToList();
        if (kinds.Count == 0)
            return (
                $"six servos of models that no arm has ({string.Join(", ", models.Select(bus.Make.InWords))})",
                false
            );
        var calibrated = IsCalibrated(bus, kinds[0]) ? "calibrated" : "not calibrated yet";
        return ($"an arm of six servos ({string.Join(", ", kinds)}), {calibrated}", true);
    }

    private static bool IsCalibrated(ServoBus bus, ArmKind kind)
    {
        try
        {
            ArmCalibration.FromServos(bus, kind);
            return true;
        }
        catch (RobotException)
        {
            return false;
        }
    }
}
